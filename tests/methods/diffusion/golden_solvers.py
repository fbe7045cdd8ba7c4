"""Writes golden_solvers.json beside it: what the schedulers of diffusers give, as an oracle for `solvers`.

    pip install diffusers==0.42.1 && python tests/methods/diffusion/golden_solvers.py

Their noise levels are set to those of the suite's schedule, which takes both ends of Stable Diffusion's.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mgld_bench.methods.diffusion.noise import respaced_schedule, training_schedule
from mgld_bench.methods.diffusion.options import SolverName

FILE = Path(__file__).with_suffix(".json")
STEPS = (2, 3, 10, 25)
SOLVERS: tuple[SolverName, ...] = ("ddim", "dpmpp-2m", "unipc")
BETAS = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
START = (-1.5, -0.2, 0.4, 2.0)


def predicted(latents: torch.Tensor, timestep: int) -> torch.Tensor:
    """Stands in for the network: neither linear nor the same at every step."""
    return 0.8 * latents + 0.2 * torch.sin(3 * latents) + 0.1 * timestep / 1000


def scheduler(name: SolverName) -> Any:
    if name == "unipc":
        made = importlib.import_module("diffusers.schedulers.scheduling_unipc_multistep").UniPCMultistepScheduler
        return made(**BETAS, solver_order=2, solver_type="bh2", final_sigmas_type="zero")
    made = importlib.import_module("diffusers.schedulers.scheduling_dpmsolver_multistep").DPMSolverMultistepScheduler
    # Of first order, DPM-Solver++ is DDIM.
    return made(**BETAS, solver_order=1 if name == "ddim" else 2, final_sigmas_type="zero")


def sampled(name: SolverName, steps: int) -> list[float]:
    chosen = scheduler(name)
    chosen.set_timesteps(steps)
    places = list(reversed(respaced_schedule(steps, training_schedule()).timesteps))
    products = chosen.alphas_cumprod.numpy().astype(np.float64)[places]
    chosen.timesteps = torch.tensor(places)
    chosen.sigmas = torch.tensor([*np.sqrt(1 / products - 1), 0.0])
    latents = torch.tensor([START], dtype=torch.float64)
    for place in chosen.timesteps:
        latents = chosen.step(predicted(latents, int(place)), place, latents).prev_sample
    return [float(value) for value in latents[0]]


if __name__ == "__main__":
    golden = {name: {str(steps): sampled(name, steps) for steps in STEPS} for name in SOLVERS}
    FILE.write_text(json.dumps(golden, indent=1) + "\n")
