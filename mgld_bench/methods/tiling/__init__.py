"""Tiles of frames, of clips and of latents."""
