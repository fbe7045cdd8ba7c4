"""Latent diffusion, as StableSR and MGLD-VSR use it.

For use from outside:

- `DiffusionOptions`, `DiffusionSizes` (`options`): without torch, since planning a run needs them
- `LatentDiffusion` (`latent_diffusion`): a picture tile's way from encoder to sampler, decoder, colour fix
- `DiffusionNetworks` (`networks`): the networks, loaded and on their device
- `sampling_steps` (`sampler`): the sampler, on tiles of latents, guided by motion
- `SolverName` (`options`), `Solver` (`solvers`): what takes fewer steps than the authors' DDPM
- `NoiseSchedule`, `SeededNoise` (`noise`)
- `Motion`, `estimate_motion`, `guidance_loss` (`motion`): MGLD-VSR's guidance by optical flow
- `Geometry` (`geometry`): enlarging, padding and rounding of frames
- `COLOUR_FIXES` (`colour_fix`)
"""
