"""What this machine could do at best: arithmetic and memory bandwidth, and what a step needs of them."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from core.architecture import HEAD, WEIGHTED, Layer
from core.config import STAGES, Stage

SIDE = 4096
COPY_BYTES = 2**29
REPEATS = 5


class Machine:
    """The processor under this process, measured in a process of its own."""

    def measure(self) -> dict:
        """Its name and cores, GFLOP/s of a large matrix product by precision, GB/s of memory."""
        cores = os.cpu_count()
        return {"processor": _name(), "cores": cores, **arithmetic(), "bandwidth": bandwidth(cores)}


def _name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown processor"
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "unknown processor")


def arithmetic() -> dict[str, float]:
    """GFLOP/s of a large matrix product, by precision."""
    import keras

    found = {}
    for precision in ("float32", "bfloat16"):
        a = keras.ops.cast(keras.random.normal((SIDE, SIDE)), precision)
        product = _compiled(lambda a: keras.ops.cast(keras.ops.matmul(a, a)[0, 0], "float32"))
        found[precision] = 2 * SIDE**3 / _fastest(lambda a=a, run=product: float(run(a))) / 1e9
    return found


def bandwidth(threads: int) -> float:
    """GB/s read and written by copying arrays far larger than the caches, on `threads` threads."""
    source, target = np.ones(COPY_BYTES, np.uint8), np.zeros(COPY_BYTES, np.uint8)
    parts = list(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))
    with ThreadPoolExecutor(threads) as pool:
        seconds = _fastest(lambda: list(pool.map(lambda part: np.copyto(*part), parts)))
    return 2 * COPY_BYTES / seconds / 1e9


def by_task(machine: dict, precision: str, batch: int) -> dict[str, float]:
    """The limit of each kind of work, in images a second.

    Args:
        machine: what `Machine.measure` found.
        precision: in which the convolutions compute; the head is float32 either way.
        batch: images a step.
    """
    convolutions, head = machine[precision], _head_seconds(machine, batch)

    def training(stage: Stage) -> float:
        return 1 / (_convolution_operations(stage) / (convolutions * 1e9) + head)

    answer = convolutions * 1e9 / sum(2 * layer.multiply_adds for layer in WEIGHTED)
    return {
        "stage1_kept": 1 / head,
        "stage2_kept": training(STAGES[2]),
        "stage3": training(STAGES[3]),
        "answer_1": answer,
        "answer_32": answer,
    }


def _head_seconds(machine: dict, batch: int) -> float:
    """Seconds an image of training the head, if a step of SGD only had to move its bytes once each time.

    Weights are read forwards, backwards (but for the first layer: nobody asks for the gradient of what
    is kept) and by the update; gradients are written and read; new weights are written. Arithmetic
    overlaps with none of it in the best case, so the slower of the two counts.
    """
    sizes = [4 * layer.parameters for layer in HEAD]
    moved = 5 * sum(sizes) + sum(sizes[1:])
    operations = 2 * (3 * sum(layer.multiply_adds for layer in HEAD) - HEAD[0].multiply_adds)
    return max(moved / batch / (machine["bandwidth"] * 1e9), operations / (machine["float32"] * 1e9))


def _convolution_operations(stage: Stage) -> int:
    """Operations an image of the convolutions that a stage trains.

    Forwards, for the gradient of the weights, and for that of the input, which the first one is spared.
    """
    layers: list[Layer] = [layer for layer in WEIGHTED if layer.name in stage.trains]
    return 2 * (3 * sum(layer.multiply_adds for layer in layers) - layers[0].multiply_adds)


def _compiled(function):
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        return tensorflow.function(function)
    return function


def _fastest(work) -> float:
    work()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
