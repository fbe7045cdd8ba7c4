"""The networks that denoise latents in MGLD-VSR and StableSR.

For use from outside:

- `DenoisingUNet` (`unet`)
- `StructureEncoder` (`structure_encoder`)
- `TextTower` (`text_tower`)
"""
