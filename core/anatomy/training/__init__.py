"""Training of the lung network, with Keras: its batches, augmentation and loss."""

from core.anatomy.training.fitting import LungTraining, train_lungs

__all__ = ["LungTraining", "train_lungs"]
