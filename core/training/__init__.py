"""Training a run: its stages one after another, in a process of their own."""

from core.training.staged import train_next_stage

__all__ = ["train_next_stage"]
