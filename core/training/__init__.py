"""Training a run: its stages one after another, in a process of their own (`python -m core.training`).

Nothing is imported here: Keras takes seconds and half a gigabyte, and the last step of a run does without.
"""
