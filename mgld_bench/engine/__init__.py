"""The engine: plan, run and store units."""
