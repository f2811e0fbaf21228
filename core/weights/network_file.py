"""Weights of a network that is no classifier: packed arrays by layer name, and facts about it."""

import json
from collections.abc import Sequence
from pathlib import Path

import h5py

from core import atomic
from core.architecture import Layer
from core.sentence import Sentence
from core.weights.layer_arrays import Arrays, WeightsError, checked_finite
from core.weights.packed import stored_layer, write_layer
from core.weights.quantised_kernel import unpacked
from core.weights.reader import open_weights

FACTS = "facts"  # attribute of the file


def write_network(path: Path, layers: Sequence[Layer], arrays: Arrays, facts: dict) -> None:
    """Write all weights of a network in packed form, with facts about it.

    Args:
        path: of the file.
        layers: of the network.
        arrays: by layer name, in Keras's order.
        facts: stored with them as JSON.

    Raises:
        UserError: the disk is full or the folder is not writable; an earlier file stays as it was.
    """
    with atomic.replacing(Path(path)) as temporary, h5py.File(temporary, "w") as file:
        file.attrs[FACTS] = json.dumps(facts)
        for layer in layers:
            if layer.weights:
                write_layer(file, layer, arrays[layer.name])


def read_network(path: str | Path, layers: Sequence[Layer]) -> tuple[Arrays, dict]:
    """Read the weights of a network, float32, and the facts about it.

    Raises:
        WeightsError: the file is missing, cut short, or holds another architecture.
    """
    path = Path(path)
    with open_weights(path) as file:
        facts = json.loads(str(file.attrs[FACTS]))
        if not isinstance(facts, dict):
            raise WeightsError(
                Sentence("{name} holds no facts about its network. Train it again.", name=path.name)
            )
        weighted = (layer for layer in layers if layer.weights)
        return {
            layer.name: tuple(map(unpacked, checked_finite(stored_layer(file, layer), layer, path)))
            for layer in weighted
        }, facts
