"""EDVR, which RealVSR uses."""
