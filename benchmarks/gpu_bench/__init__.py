"""The parts of benchmarks/gpu.py: one file per idea, a phase or a few of them each."""
