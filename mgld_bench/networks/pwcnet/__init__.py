"""PWC-Net."""
