"""The denoising networks of MGLD-VSR and StableSR."""
