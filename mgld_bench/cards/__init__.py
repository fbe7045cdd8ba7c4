"""Cards: their schemas and the loader."""
