"""The parts of the Training page that show runs: the list, the queue, one run, its live curves."""
