"""Networks: torch modules, nothing else."""
