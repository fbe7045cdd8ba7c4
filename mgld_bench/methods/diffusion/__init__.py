"""Latent diffusion: sampler, schedule, guidance, noise, colour fix."""
