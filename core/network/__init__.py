"""A backbone with its head in Keras: building, freezing, weights in and out, kept activations."""

from core.network.features import FeatureStore, in_batches, segment, weights_digest
from core.network.freezing import freeze, trained_variables
from core.network.hastening import hasten
from core.network.model import build, leaf_layers
from core.network.saving import restore, save, set_arrays
from core.network.starting_weights import start_other, starting_weights

__all__ = [
    "FeatureStore",
    "build",
    "freeze",
    "hasten",
    "in_batches",
    "leaf_layers",
    "restore",
    "save",
    "segment",
    "set_arrays",
    "start_other",
    "starting_weights",
    "trained_variables",
    "weights_digest",
]
