"""The networks as data: layers and shapes of backbones, head and lung network; the lowest room."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.architecture import winograd
    from core.architecture.backbone import BACKBONES, VGG19, Backbone
    from core.architecture.head import DENSE_LAYERS, DROPOUT, HIDDEN, LOGITS
    from core.architecture.interface import CHANNELS, CLASS_NAMES, IMAGE_SIZE, POSITIVE
    from core.architecture.layer import WINOGRAD_CHANNELS, Layer, Weight
    from core.architecture.lung_network import LUNG_CLASSES, LUNG_FEATURE_LAYERS, LUNG_LAYERS
    from core.architecture.scaling import IMAGENET_DEVIATION, SCALINGS, Scaling

__all__ = [
    "BACKBONES",
    "CHANNELS",
    "CLASS_NAMES",
    "DENSE_LAYERS",
    "DROPOUT",
    "HIDDEN",
    "IMAGENET_DEVIATION",
    "IMAGE_SIZE",
    "LOGITS",
    "LUNG_CLASSES",
    "LUNG_FEATURE_LAYERS",
    "LUNG_LAYERS",
    "POSITIVE",
    "SCALINGS",
    "VGG19",
    "WINOGRAD_CHANNELS",
    "Backbone",
    "Layer",
    "Scaling",
    "Weight",
    "winograd",
]

open_door(__name__)
