"""Weight files: where they are, what is in them, read safely."""
