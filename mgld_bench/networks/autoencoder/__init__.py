"""The autoencoders of the latent diffusion methods: Stable Diffusion's, MGLD-VSR's and StableSR's.

For use from outside:

- `Autoencoder`, `Posterior` (`network`)
- `AutoencoderConfig`, `FIRST_STAGE`, `SEQUENCE_AUTOENCODER`, `STABLESR_AUTOENCODER`, `SCALE_FACTOR` (`config`)
- `decode_memory` (`decoder`): how much memory decoding takes
"""
