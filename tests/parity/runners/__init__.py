"""Which runner serves which case: ``RUNNERS[(network, case)]``.

A runner takes a ``Fixture``, builds the thing from its ``config`` and ``weights``, runs its ``call``, and returns arrays by name:

* the name is that of the output or, where the output has ``of``, of the full tensor it was taken from;
* the array is always the FULL tensor: the framework cuts ``take`` and ``slice`` of each output from it;
* every output marked ``result`` must be served; others may be left out.

It calls ``pytest.skip`` where the fixture cannot be judged here (a package is missing, a decoder gives other input frames).
Each file of this folder has a dict ``RUNNERS``; it is merged below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.parity.fixture import Fixture
from tests.parity.runners import (
    dbvsr,
    degradation,
    diffusion_networks,
    diffusion_sampling,
    dover,
    fastvqa,
    gmflow,
    learned_metrics,
    metrics,
    mgld_decoder,
    mgld_diffusion,
    realbasicvsr,
    realviformer,
    realvsr,
    rrdbnet,
    rvrt,
    spynet,
    stablesr_autoencoder,
    warping_error,
)

Runner = Callable[[Fixture], Mapping[str, "np.ndarray[Any, Any]"]]

RUNNERS: dict[tuple[str, str], Runner] = {
    **dbvsr.RUNNERS,
    **degradation.RUNNERS,
    **diffusion_networks.RUNNERS,
    **diffusion_sampling.RUNNERS,
    **dover.RUNNERS,
    **fastvqa.RUNNERS,
    **gmflow.RUNNERS,
    **learned_metrics.RUNNERS,
    **metrics.RUNNERS,
    **mgld_decoder.RUNNERS,
    **mgld_diffusion.RUNNERS,
    **realbasicvsr.RUNNERS,
    **realviformer.RUNNERS,
    **realvsr.RUNNERS,
    **rrdbnet.RUNNERS,
    **rvrt.RUNNERS,
    **spynet.RUNNERS,
    **stablesr_autoencoder.RUNNERS,
    **warping_error.RUNNERS,
}
