"""Runs the fixtures of StableSR's autoencoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.parity.fixture import Fixture
from tests.parity.runners import autoencoders

Outputs = dict[str, "np.ndarray[Any, Any]"]

RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("stablesr", "cfw_autoencoder"): autoencoders.decoded_with_features,
}
