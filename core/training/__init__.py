"""Training: the stages of a run one after another, in a process of their own (`python -m core.training`).

Nothing is imported here: Keras takes seconds and half a gigabyte, and sweeps do not need it.
"""
