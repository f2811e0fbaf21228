"""Duration of a training step of stage 3 with direct and with Winograd convolution, alternating.

TF_ENABLE_ONEDNN_OPTS=1 GLIBC_TUNABLES=glibc.malloc.hugetlb=1 python -m experiments.winograd

These variables are set for training processes (`TRAINING_ENVIRONMENT` in core/runs/training_process.py);
without them the result does not apply to training.
"""

import time
from collections.abc import Callable
from statistics import median

import click
import numpy as np

from core.architecture import LOGITS
from core.config import STAGES, preset
from core.network import build, freeze, segment
from core.training.fitting import compile_model

STAGE = STAGES[3]
STEPS_PER_EPOCH = {"direct": 0, "Winograd": 10**6}  # short runs use direct convolution
CALLS = ("training step", "prediction")


@click.command()
@click.option("--steps", default=5, show_default=True, help="Timed steps of each, after a first one.")
@click.option("--batch", default=32, show_default=True, help="Images per step.")
def main(steps: int, batch: int) -> None:
    """Seconds of a step of preset `recommended` in float32, and of a prediction for the same batch."""
    settings = preset("recommended").settings(precision="float32", batch_size=batch)
    random = np.random.default_rng(0)
    images = random.random((batch, 128, 128, 3), np.float32)
    labels = np.eye(2, dtype=np.float32)[random.integers(0, 2, batch)]
    models = {}
    for algorithm, planned_steps in STEPS_PER_EPOCH.items():
        network = build(0)
        freeze(network, STAGE)
        models[algorithm] = segment(network, None, LOGITS)
        compile_model(models[algorithm], settings, STAGE, steps=planned_steps)
    seconds = {(call, algorithm): [] for call in CALLS for algorithm in models}
    for _ in range(steps + 1):
        for algorithm, model in models.items():
            seconds["training step", algorithm].append(_timed(model.train_on_batch, images, labels))
            seconds["prediction", algorithm].append(_timed(model.predict_on_batch, images))
    for (call, algorithm), (first, *others) in seconds.items():
        print(f"{call}, {algorithm}: {median(others):.2f} s, median of {steps}; the first {first:.1f} s")
    for call in CALLS:
        direct, winograd = (median(seconds[call, algorithm][1:]) for algorithm in models)
        print(f"{call}: ratio {winograd / direct:.2f}")


def _timed(function: Callable, *inputs: np.ndarray) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    function(*inputs)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
