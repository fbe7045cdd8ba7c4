from __future__ import annotations

import hashlib
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import describe, load_metric, metric_names, reason_unavailable
from mgld_bench.metrics.cvvdp import variants as cvvdp
from tests.helpers.command import call

THIRD_PARTY = """
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric
from mgld_bench.metrics.metric import MetricFacts

class Brightness(FrameMetric):
    facts = MetricFacts("brightness.mean", "Brightness", "higher", False, True, 1, 1, "mean of all samples")

    def __init__(self, device):
        super().__init__(self.facts, smallest_side=1)
        self.device = device

    def score(self, restored, reference):
        return ChunkScores([float(frame.mean()) for frame in restored.frames])

class Misnamed(Brightness):
    pass

not_a_metric = 3
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A package with the entry points of the test's parameter, as a wheel would install it."""
    (tmp_path / "brightness_metric.py").write_text(THIRD_PARTY)
    info = tmp_path / "brightness_metric-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brightness-metric\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mgld_bench.metrics]\n{request.param}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "brightness_metric", raising=False)


def test_every_metric_describes_and_loads_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    names = metric_names()
    assert {"psnr.rgb", "psnr.y", "psnr.y-full", "ssim.rgb", "ssim.y", "ssim.y-full"} < set(names)
    assert {"vmaf.v0.6.1", "vmaf.v0.6.1neg", "niqe.pyiqa", "niqe.live", "niqe.y", "brisque.pyiqa", "brisque.live"} < set(names)
    assert len(set(names)) == len(names)
    for name in names:
        facts = describe(name)
        assert facts.name == name
        assert facts.definition
        missing = [weight.file for weight in facts.weights.values() if not weight.package]
        if missing:
            assert f"{missing[0]} is missing" in (reason_unavailable(name) or "")
            with pytest.raises(InputError, match=f"metric {name} cannot run: .* is missing"):
                load_metric(name)
        elif not (name.startswith("cvvdp.") and cvvdp.why_unavailable()):
            assert load_metric(name).facts == facts
            assert reason_unavailable(name) is None


def test_definitions_differ_between_variants() -> None:
    names = [*metric_names(), "psnr.y.crop4", "ssim.rgb.crop8"]
    assert len({describe(name).definition for name in names}) == len(names)


def test_a_crop_is_part_of_the_name_and_the_definition() -> None:
    facts = describe("niqe.y.crop4")
    assert facts.name == "niqe.y.crop4"
    assert facts.definition.endswith("4 pixels cut from every side first")


def test_model_files_are_named_with_the_digest_of_what_ships() -> None:
    for name, file in (("niqe.live", "niqe_live.npz"), ("brisque.pyiqa", "brisque_live.npz")):
        data = (resources.files("mgld_bench.metrics") / "data" / file).read_bytes()
        assert describe(name).files == {file: hashlib.sha256(data).hexdigest()}
    assert "University of Texas" in (resources.files("mgld_bench.metrics") / "data/LIVE-NOTICE.txt").read_text()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("psnr", r"a full name includes the variant: psnr\.rgb, psnr\.y, psnr\.y-full"),
        ("niqe", r"niqe\.pyiqa, niqe\.live, niqe\.y"),
        ("ssim.rbg", r"did you mean ssim\.rgb"),
        ("psnr.y.crop0", "does not exist"),
        ("psnr.y.crop04", "does not exist"),
        ("vmaf.v0.6.1.crop4", r"vmaf\.v0\.6\.1 has no variant with a crop"),
        ("sharpness", "see mgld-bench list metrics"),
    ],
)
def test_an_unknown_name_is_an_error_that_helps(name: str, hint: str) -> None:
    for use in (describe, load_metric):
        with pytest.raises(InputError, match=hint):
            use(name)
    assert name in (reason_unavailable(name) or "")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("installed", ["brightness.mean = brightness_metric:Brightness"], indirect=True)
def test_a_metric_of_an_installed_package_is_found_and_scores() -> None:
    assert "brightness.mean" in metric_names()
    assert describe("brightness.mean").title == "Brightness"
    assert reason_unavailable("brightness.mean") is None
    assert vars(load_metric("brightness.mean", "cuda:1"))["device"] == "cuda:1"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("installed", "name", "complaint"),
    [
        ("brightness.mean = brightness_metric:Missing", "brightness.mean", "brightness-metric cannot be loaded"),
        ("brightness.mean = no_such_module:Missing", "brightness.mean", "brightness-metric cannot be loaded"),
        ("brightness.mean = brightness_metric:not_a_metric", "brightness.mean", "is not a subclass of Metric"),
        ("brightness.max = brightness_metric:Misnamed", "brightness.max", r"has the name brightness\.mean in its facts"),
        (
            "psnr.rgb = brightness_metric:Brightness",
            "brightness.mean",
            r"psnr\.rgb of package brightness-metric: this name is taken",
        ),
    ],
    indirect=["installed"],
)
def test_a_package_with_a_broken_metric_is_named(name: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        describe(name)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("installed", ["brightness.mean = no_such_module:Missing"], indirect=True)
def test_a_package_with_a_broken_metric_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    listed = call("list", "metrics")
    assert "psnr.rgb" in listed.out
    assert "1 metric left out: metric brightness.mean of package brightness-metric cannot be loaded" in listed.err
    assert "lpips" in call("weights", "list").out


def test_the_range_of_each_metric_ends_where_its_definition_does() -> None:
    ranges = {name: describe(name).bounds for name in metric_names()}
    assert {name for name, bounds in ranges.items() if bounds == (-1.0, 1.0)} == {"ssim.rgb", "ssim.y", "ssim.y-full"}
    assert {name.split(".")[0] for name, bounds in ranges.items() if bounds == (0.0, 100.0)} == {"vmaf"}
    assert {name.split(".")[0] for name, bounds in ranges.items() if bounds == (0.0, 1.0)} == {"dover", "fastvqa", "fastervqa"}
    open_ended = {name.split(".")[0] for name, bounds in ranges.items() if bounds == (None, None)}
    assert open_ended == {"brisque", "musiq", "xpsnr"}


def test_the_catalogue_needs_no_torch_and_the_package_nothing() -> None:
    code = "import sys, {}; print(sorted({{'torch', 'cv2', 'scipy', 'pyiqa'}} & set(sys.modules)))"
    for module, allowed in (("mgld_bench.metrics", "[]"), ("mgld_bench.metrics.catalogue", "['cv2']")):
        found = subprocess.run([sys.executable, "-c", code.format(module)], capture_output=True, text=True, check=True)
        assert found.stdout.strip() == allowed
