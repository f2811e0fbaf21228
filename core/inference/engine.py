"""A network of `core.architecture`, compiled by OpenVINO from plain arrays: no TensorFlow.

In three parts: the body up to the layer of the heat map, in float32 or bfloat16; the head, always in
float32; and the slope, backwards through the head, for heat maps. In bfloat16 the head alone would cost as
much accuracy as all convolutions together, and save 3 ms. Where the file holds the head's weights in eight
bits, it computes with them as they are: the same result in a third of the time and memory. The slope needs
no more than the mean of the first dense layer's weights over all cells: in a VGG19, a sixteenth of them.

A sharper heat map needs two more parts, which are not even read before somebody asks for one: the body up to
its own layer, and from there the gradient in every cell, in float32.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from weakref import ref

import numpy as np
import openvino

from core.architecture import VGG19, Backbone
from core.compilation import SharedPasses, compiled, release_memory
from core.inference.engine_parts import engine_parts
from core.inference.network_cache import release_pages
from core.inference.sharper_map_parts import sharper_map_parts
from core.weights import StoredArrays

HEAD, SLOPE, GRADIENT = ("head", "float32"), ("slope", "float32"), ("gradient", "float32")
FIRST_BODY, SECOND_BODY = ("body", "bfloat16"), ("body", "float32")
MAX_SECOND_BODIES = 2  # in a process, each about 110 MB: compiling one again takes as long as an answer by it
TOGETHER = 4  # images in a pass through the body: more are no faster, and each takes 9 MB


@dataclass(frozen=True, eq=False)
class HeadOutput:
    """What the head makes of the activations of n images.

    Attributes:
        probabilities: of the classes, float32 (n, 2).
        hidden: output of each hidden layer in order, float32 (n, units).
    """

    probabilities: np.ndarray
    hidden: tuple[np.ndarray, ...]


class Engine:
    """A compiled network, safe to use from several threads.

    Each part is compiled when it is first needed: most images need neither a slope nor a body in float32. A
    body in float32 beside one in bfloat16 is dropped again once other engines have needed theirs.

    Args:
        parts: of the network, as the makers of `engine_parts` make them.
        threads: to compute with; 0 for one per core.
        sharper_parts: gives those of `sharper_map_parts`.
    """

    def __init__(
        self,
        parts: Mapping[str, openvino.Model],
        threads: int = 0,
        sharper_parts: Callable[[], Mapping[str, openvino.Model]] = dict,
    ):
        self._parts = parts
        self._sharper_parts = sharper_parts
        self._threads = threads
        self._compiled: dict[tuple[str, str], SharedPasses] = {}
        self._compiling: dict[tuple[str, str], threading.Lock] = {}

    @classmethod
    def of(cls, arrays: StoredArrays, scaling: str, threads: int = 0, backbone: Backbone = VGG19) -> "Engine":
        """An engine of a network's arrays; see `engine_parts`."""
        makers, sharper = (make(arrays, scaling, backbone) for make in (engine_parts, sharper_map_parts))
        parts = {name: make() for name, make in makers.items()}
        return cls(parts, threads, lambda: {name: make() for name, make in sharper.items()})

    def activations(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        """Activations of the heat map's layer, float32 (n, channels, rows, columns).

        Args:
            pixels: uint8 (n, 128, 128).
            precision: `float32` or `bfloat16`.
        """
        return self._in_parts(("body", precision), pixels)

    def head(self, activations: np.ndarray) -> HeadOutput:
        """From activations, float32 (n, channels, rows, columns)."""
        probabilities, *hidden = self._infer(HEAD, activations)
        return HeadOutput(probabilities, tuple(hidden))

    def slope(self, output: HeadOutput) -> np.ndarray:
        """Gradient of the log-odds of PNEUMONIA by the head's input.

        Returns:
            The mean over the cells of each channel, float32 (n, channels).
        """
        return self._infer(SLOPE, *output.hidden)[0]

    def sharper_activations(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        """Activations of the sharper map's layer; arguments and shape as of `activations`."""
        return self._in_parts(("beginning", precision), pixels)

    def gradient(self, activations: np.ndarray) -> np.ndarray:
        """Gradient of the log-odds of PNEUMONIA by activations of the sharper map's layer, in their shape."""
        return self._in_parts(GRADIENT, activations)

    def _in_parts(self, key: tuple[str, str], values: np.ndarray) -> np.ndarray:
        """The one output of a part for many images."""
        parts = [values[start : start + TOGETHER] for start in range(0, len(values), TOGETHER)]
        return np.concatenate([self._infer(key, part)[0] for part in parts])

    def _infer(self, key: tuple[str, str], *inputs: np.ndarray) -> list[np.ndarray]:
        if key not in self._compiled:
            with self._compiling.setdefault(key, threading.Lock()):  # other parts compute meanwhile
                if key not in self._compiled:
                    return self._first_pass(key, inputs)
        passes = self._compiled.get(key)
        return passes.infer(*inputs) if passes else self._infer(key, *inputs)  # None: dropped meanwhile

    def _first_pass(self, key: tuple[str, str], inputs: tuple[np.ndarray, ...]) -> list[np.ndarray]:
        """Compile a part; its first pass arranges copies of the weights, which then suffice."""
        part, precision = key
        if part not in self._parts:
            self._parts = {**self._parts, **self._sharper_parts()}
        passes = SharedPasses(compiled(self._parts[part], precision, self._threads), TOGETHER)
        outputs = passes.infer(*inputs)
        release_pages()
        release_memory()
        self._compiled[key] = passes
        if key == SECOND_BODY and FIRST_BODY in self._compiled:
            self._drop_others()
        return outputs

    def _drop_others(self) -> None:
        """Keep this engine's second body, and those that were compiled last before it."""
        _second_bodies.append(ref(self))
        while len(_second_bodies) > MAX_SECOND_BODIES:
            if (engine := _second_bodies.popleft()()) not in (None, self):
                engine._compiled.pop(SECOND_BODY, None)


_second_bodies: deque[ref[Engine]] = deque()  # that were compiled beside first ones, the oldest first
