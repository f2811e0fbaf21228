"""What a step of stage 3 costs with convolutions computed directly and by Winograd: in turn in one run.

TF_ENABLE_ONEDNN_OPTS=1 GLIBC_TUNABLES=glibc.malloc.hugetlb=1 python -m benchmarks.convolutions

The variables are those that training processes get (`core.runs.scheduler.FASTER`); without them
it measures something else.
"""

import time
from statistics import median

import click
import numpy as np

from core.architecture import LOGITS
from core.config import STAGES, preset
from core.network import build, freeze, segment
from core.training.stage import make_ready

STAGE = STAGES[3]


@click.command()
@click.option("--steps", default=5, show_default=True, help="Of each way, after a first one.")
@click.option("--batch", default=32, show_default=True, help="Films a step.")
def main(steps: int, batch: int) -> None:
    """Seconds of a step of the recommended recipe in float32, and of answers to as many films."""
    settings = preset("recommended").settings(precision="float32", batch_size=batch)
    numbers = np.random.default_rng(0)
    films = numbers.random((batch, 128, 128, 3), np.float32)
    labels = np.eye(2, dtype=np.float32)[numbers.integers(0, 2, batch)]
    models, seconds = {}, {}
    for way, planned in (("directly", 0), ("by Winograd", 10**6)):
        network = build(0)
        freeze(network, STAGE)
        models[way] = segment(network, None, LOGITS)
        make_ready(models[way], settings, STAGE, steps=planned)
    for _ in range(steps + 1):
        for way, model in models.items():
            seconds.setdefault(f"step, {way}", []).append(_seconds(model.train_on_batch, films, labels))
            seconds.setdefault(f"answers, {way}", []).append(_seconds(model.predict_on_batch, films))
    for what, (first, *others) in seconds.items():
        print(f"{what}: {median(others):.2f} s, median of {steps}; the first {first:.1f} s")
    for what in ("step", "answers"):
        direct, hastened = (median(seconds[f"{what}, {way}"][1:]) for way in models)
        print(f"ratio of {what} {hastened / direct:.2f}")


def _seconds(call, *inputs) -> float:
    start = time.perf_counter()
    call(*inputs)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
