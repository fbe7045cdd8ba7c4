"""The networks that denoise latents in MGLD-VSR and StableSR.

For use from outside:

- `DenoisingUNet`, `UNetConfig`, `MGLD_UNET`, `STABLESR_UNET` (`unet`)
- `StructureEncoder`, `StructureEncoderConfig`, `STRUCTURE_ENCODER` (`structure_encoder`)
- `TextTower`, `TextTowerConfig`, `TEXT_TOWER`, `EMPTY_PROMPT` (`text_tower`)
- `LATENT_CHANNELS` (`blocks`)
"""
