"""The Runs view of the Training page: list of runs, sweeps, queue, one run with its live curves."""
