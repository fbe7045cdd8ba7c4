"""Every metric of the package pyiqa by name."""
