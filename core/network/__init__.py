"""A backbone with its head in Keras: building, freezing, weights in and out, cached activations."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.network.features import FeatureStore, in_batches, segment, weights_digest
    from core.network.freezing import freeze
    from core.network.layers import connected, keras_layer
    from core.network.model import build
    from core.network.saving import restore, save, set_arrays
    from core.network.starting_weights import load_starting_weights, starting_weights
    from core.network.winograd import use_winograd

__all__ = [
    "FeatureStore",
    "build",
    "connected",
    "freeze",
    "in_batches",
    "keras_layer",
    "load_starting_weights",
    "restore",
    "save",
    "segment",
    "set_arrays",
    "starting_weights",
    "use_winograd",
    "weights_digest",
]

open_door(__name__)
