"""Runs the fixtures of DBVSR on mgld_bench.networks.dbvsr.network and its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mgld_bench.networks.dbvsr.deconvolution import deconvolve, enlarge_mixed, extend_periodically, frequency_response
from mgld_bench.networks.dbvsr.network import DBVSR, DBVSRFlow, align, alignment_mask
from mgld_bench.networks.pwcnet import PWCNet
from mgld_bench.networks.sizes.dbvsr import WINDOW, DBVSRConfig
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]
Hook = Callable[[nn.Module, tuple[Tensor, ...], Any], None]


def forward(fixture: Fixture) -> Outputs:
    config = fixture.facts["config"]
    assert (config["n_colors"], config["n_sequence"], config["scale"]) == (3, WINDOW, 4)
    network = DBVSR(
        DBVSRConfig(
            features=config["n_feat"],
            condition_features=config["n_cond"],
            feature_blocks=config["extra_RBS"],
            reconstruction_blocks=config["recons_RBS"],
            kernel_size=config["est_ksize"],
        )
    )
    network.load_state_dict({name: torch.from_numpy(value) for name, value in fixture.weights().items()})
    network.eval()
    window = torch.from_numpy(fixture.input("window"))
    seen: dict[str, Tensor] = {}
    for module, name in (
        (network.flow_net, "neighbours_flows"),
        (network.fusion_conv, "fused"),
        (network.cond_net, "cond"),
        (network.recons_net, "recons_feat"),
    ):
        module.register_forward_hook(keep(seen, name))
    with torch.inference_mode():
        seen["output"] = network(window[None])
        seen["kernels"] = network.kernel_net(window)[None]
    seen["flows"] = seen["neighbours_flows"][None]
    seen["deconv_s2d"] = seen["cond_input"]
    seen["aligned_last"] = seen["fused_input"][:, -config["n_feat"] :]
    return {name: value.numpy() for name, value in seen.items()}


def flow(fixture: Fixture) -> Outputs:
    network = DBVSRFlow()
    weights = fixture.weights().items()
    network.load_state_dict({name.removeprefix("flow_net."): torch.from_numpy(value) for name, value in weights})
    network.eval()
    seen: dict[str, Tensor] = {}
    pwcnet = network.moduleNetwork
    for level, decoder in decoders(pwcnet).items():
        decoder.get_submodule("moduleSix").register_forward_hook(keep(seen, f"flow_level{level}"))
    pwcnet.moduleRefiner.register_forward_hook(keep(seen, "refiner"))
    first, second = (torch.from_numpy(fixture.input(name)) for name in ("first", "second"))
    with torch.inference_mode():
        pyramid = network.pyramid(first)
        estimated = network(pyramid, network.pyramid(second), (first.shape[2], first.shape[3]))
        seen |= {f"features{level}": features for level, features in enumerate(pyramid, 1)}
        seen |= {"flow": estimated, "warped": align(second, estimated), "mask": alignment_mask(estimated)}
    return {name: value.numpy() for name, value in seen.items()}


def deconv(fixture: Fixture) -> Outputs:
    call = fixture.facts["call"]
    image, kernel = (torch.from_numpy(fixture.input(name)) for name in ("image", "kernel"))
    scale, gamma, floor = call["scale"], call["gamma"], call["eps"]
    wrapped = extend_periodically(image, scale)
    rows, columns = (scale * side for side in wrapped.shape[2:])
    return {
        "upsampled": enlarge_mixed(image, scale).numpy(),
        "wrapped": wrapped.numpy(),
        "otf": torch.view_as_real(frequency_response(kernel, rows, columns)).numpy(),
        "output": deconvolve(image, kernel, scale, gamma, floor).numpy(),
        "output_float64": deconvolve(image.double(), kernel.double(), scale, gamma, floor).numpy(),
    }


def decoders(network: PWCNet) -> dict[int, nn.Module]:
    return {2: network.moduleTwo, 3: network.moduleThr, 4: network.moduleFou, 5: network.moduleFiv, 6: network.moduleSix}


def keep(seen: dict[str, Tensor], name: str) -> Hook:
    """Keeps what a module gives under ``name``, and what it takes first under ``name``_input where that is a tensor."""

    def hook(_module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        seen[name] = output
        if isinstance(inputs[0], Tensor):
            seen[f"{name}_input"] = inputs[0]

    return hook


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("dbvsr", "forward"): forward,
    ("dbvsr", "flow"): flow,
    ("dbvsr", "deconv"): deconv,
}
