"""VGG19 with its head in Keras: building, freezing, weights in and out, kept activations."""

from core.network.features import FeatureStore, segment, weights_digest
from core.network.freezing import freeze, trained_variables
from core.network.model import build
from core.network.saving import save, set_arrays
from core.network.starting_weights import starting_weights

__all__ = [
    "FeatureStore",
    "build",
    "freeze",
    "save",
    "segment",
    "set_arrays",
    "starting_weights",
    "trained_variables",
    "weights_digest",
]
