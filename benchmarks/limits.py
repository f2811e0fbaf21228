"""Theoretical limits of this machine: arithmetic and memory bandwidth, and what training needs of them."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np

from core.architecture import VGG19, Layer
from core.config import STAGES, Stage, processor

COPY_BYTES = 2**29
REPEATS = 5


class Machine:
    """The processor that this process runs on."""

    def measure(self, matrix: int) -> dict:
        """Name, cores, GFLOP/s of a matrix product by precision, and memory bandwidth in GB/s.

        Args:
            matrix: side of the matrices; 4096 is large enough for the machine's best.
        """
        cores = os.cpu_count() or 1
        return {
            "processor": processor.name(),
            "cores": cores,
            **arithmetic(matrix),
            "bandwidth": memory_bandwidth(cores),
        }


def arithmetic(side: int) -> dict[str, float]:
    """GFLOP/s of a product of two matrices of side x side, by precision."""
    import keras

    speeds = {}
    for precision in ("float32", "bfloat16"):
        matrix = keras.ops.cast(keras.random.normal((side, side)), precision)
        product = _compiled(lambda a: keras.ops.cast(cast(Any, keras.ops.matmul(a, a))[0, 0], "float32"))
        seconds = _fastest(lambda matrix=matrix, product=product: float(product(matrix)))
        speeds[precision] = 2 * side**3 / seconds / 1e9
    return speeds


def memory_bandwidth(threads: int) -> float:
    """GB/s read and written when arrays far larger than the caches are copied on `threads` threads."""
    source, target = np.ones(COPY_BYTES, np.uint8), np.zeros(COPY_BYTES, np.uint8)
    parts = list(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))
    with ThreadPoolExecutor(threads) as pool:
        seconds = _fastest(lambda: list(pool.map(lambda part: np.copyto(*part), parts)))
    return 2 * COPY_BYTES / seconds / 1e9


def by_task(machine: dict, precision: str, batch: int) -> dict[str, float]:
    """The limit of each task, in images per second.

    Args:
        machine: as returned by `Machine.measure`.
        precision: of the convolutions; the head is always float32.
        batch: images per step.
    """
    convolution_speed, head = machine[precision] * 1e9, _head_seconds(machine, batch)

    def training(stage: Stage) -> float:
        return 1 / (_convolution_operations(stage) / convolution_speed + head)

    answer = convolution_speed / sum(2 * layer.multiply_adds for layer in VGG19.weighted)
    return {
        "stage1_kept": 1 / head,
        "stage2_kept": training(STAGES[2]),
        "stage3": training(STAGES[3]),
        "answer_1": answer,
        "answer_1_slow": answer,
        "answer_full": answer,
        "answer_32": answer,
    }


def _head_seconds(machine: dict, batch: int) -> float:
    """Minimum seconds per image of training the head: a step of SGD moves each byte only once.

    Weights are read in the forward pass, in the backward pass (except for the first layer: the gradient with
    respect to cached activations is not needed) and by the update; gradients are written and read; new
    weights are written. At best, arithmetic and memory access overlap completely: the slower of them counts.
    """
    sizes = [4 * layer.parameters for layer in VGG19.weighted_head]
    bytes_moved = 5 * sum(sizes) + sum(sizes[1:])
    products = [layer.multiply_adds for layer in VGG19.weighted_head]
    operations = 2 * (3 * sum(products) - products[0])
    memory_seconds = bytes_moved / batch / (machine["bandwidth"] * 1e9)
    return max(memory_seconds, operations / (machine["float32"] * 1e9))


def _convolution_operations(stage: Stage) -> int:
    """Operations per image in the convolutions that a stage trains.

    One forward pass, the gradient of the weights, and that of the input, which the first layer does not need.
    """
    layers: list[Layer] = [layer for layer in VGG19.weighted if layer.name in stage.trained_layers]
    return 2 * (3 * sum(layer.multiply_adds for layer in layers) - layers[0].multiply_adds)


def _compiled(function: Callable) -> Callable:
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        return tensorflow.function(function)
    return function


def _fastest(work: Callable[[], object]) -> float:
    """Seconds of the fastest of several repeats, after one that is not timed."""
    work()
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
