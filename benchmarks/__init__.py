"""This project beside the notebook way, in one run on one machine: `python -m benchmarks`."""
