"""NIQE and BRISQUE: statistics of natural scenes."""
