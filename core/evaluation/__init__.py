"""Labels and probabilities in, numbers out."""

from core.evaluation.metrics import evaluate

__all__ = ["evaluate"]
