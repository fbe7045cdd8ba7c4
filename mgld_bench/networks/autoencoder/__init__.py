"""The autoencoders of the latent diffusion methods."""
