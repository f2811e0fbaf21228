"""Which convolution in float32 is faster on this processor: measured once, and kept in the home."""

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import openvino
from openvino import opset13 as ops

from core import atomic
from core.architecture import Layer, Weight
from core.compilation.network import compiled, layer_outputs, openvino_model
from core.compilation.winograd_convolution import can_gain
from core.config import environment, home, processor
from core.errors import UserError

FILE = "convolution.json"
REPEATS = 5
MAX_RATIO = 0.85  # of the times: a gain within the noise of the measurement is none
MEASURED = Layer(  # the middle of VGG19
    "measured",
    "convolution",
    ("x",),
    (32, 32, 256),
    (Weight("kernel", (3, 3, 256, 256)), Weight("bias", (256,))),
)


@dataclass(frozen=True)
class ConvolutionTimes:
    """Processor time of one image's convolution of 256 channels, 32 x 32 pixels, on one thread, in ms.

    Attributes:
        processor, openvino: that it was measured with.
        direct_ms, winograd_ms: the shortest time of each.
    """

    processor: str
    openvino: str
    direct_ms: float
    winograd_ms: float

    @property
    def faster(self) -> str:
        """`winograd` if it is clearly faster, else `direct`."""
        return "winograd" if self.winograd_ms < MAX_RATIO * self.direct_ms else "direct"


def winograd_pays(layers: Sequence[Layer], precision: str) -> bool:
    """Whether Winograd's algorithm is to be used in a network; measured only where a layer can gain from it.

    Args:
        layers: of the network.
        precision: of the first pass.

    Raises:
        UserError: as `uses_winograd`.
    """
    return any(map(can_gain, layers)) and uses_winograd(precision)


def uses_winograd(precision: str) -> bool:
    """Whether convolutions that can gain from it go by Winograd's algorithm.

    Args:
        precision: of the first pass. After one in bfloat16, those in float32 are direct, too: they are few,
            and both passes share their kernels.

    Raises:
        UserError: `PNEUMONIA_STUDIO_CONVOLUTION` is none of its values.
    """
    chosen = environment.CONVOLUTION.value()
    if precision != "float32":
        return False
    return (convolution_times().faster if chosen == "auto" else chosen) == "winograd"


def convolution_times() -> ConvolutionTimes:
    """The times of this processor and version of OpenVINO; measured in 0.3 s if the home has none."""
    return _times(home() / FILE)


@cache
def _times(path: Path) -> ConvolutionTimes:
    if times := _kept(path):
        return times
    with ExitStack() as held:
        with suppress(UserError):  # without a writable home, each process measures
            held.enter_context(atomic.changing(path))
        if times := _kept(path):  # another process has measured meanwhile
            return times
        times = ConvolutionTimes(processor.name(), openvino.__version__, *_measured())
        with suppress(UserError):
            atomic.write_text(path, json.dumps(asdict(times)))
        return times


def _kept(path: Path) -> ConvolutionTimes | None:
    """The times in the home; None if they are missing, damaged, or of another processor or version."""
    with suppress(OSError, ValueError, TypeError):
        times = ConvolutionTimes(**json.loads(path.read_text(encoding="utf-8")))
        are_times = all(isinstance(ms, float) and ms > 0 for ms in (times.direct_ms, times.winograd_ms))
        if are_times and (times.processor, times.openvino) == (processor.name(), openvino.__version__):
            return times
    return None


def _measured() -> list[float]:
    """Shortest times of the direct and of the Winograd convolution, alternating.

    Both clocks show at least the processor time of the one thread that computes: that of the process counts
    its other threads, too, and the other one the time in which other processes have the processor.
    """
    random = np.random.default_rng(0)
    arrays = {
        MEASURED.name: [random.normal(0, 0.03, item.shape).astype(np.float32) for item in MEASURED.weights]
    }
    requests = []
    for winograd in (False, True):
        x = ops.parameter([-1, 256, 32, 32], np.float32)
        output = layer_outputs([MEASURED], arrays, x, winograd)[MEASURED.name]
        requests.append(
            compiled(openvino_model([output], [x], "measured"), "float32", 1).create_infer_request()
        )
    image, seconds = random.random((1, 256, 32, 32), np.float32), [[], []]
    for _ in range(REPEATS):
        for request, times in zip(requests, seconds, strict=True):
            began = time.process_time(), time.perf_counter()
            request.infer([image])
            times.append(min(time.process_time() - began[0], time.perf_counter() - began[1]))
    return [round(1000 * min(times), 2) for times in seconds]
