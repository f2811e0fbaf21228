"""Experiments that answer questions of research; each is a command, `python -m experiments.NAME`."""
