"""This project compared with the notebook way, in one run on one machine: `python -m benchmarks`."""
