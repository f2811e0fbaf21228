"""What an update of the weights costs as Keras does it, and in one pass: stage 1, both in turn in one run.

python -m benchmarks.updates
"""

import time
from statistics import median

import click
import keras
import numpy as np

from core.architecture import BACKBONE_END, LOGITS
from core.config import STAGES, TrainingSettings, preset
from core.network import build, freeze, segment
from core.training.stage import make_ready

STAGE = STAGES[1]


@click.command()
@click.option("--steps", default=10, show_default=True, help="Of each way, after a first one.")
def main(steps: int) -> None:
    """Seconds of a step of the recommended recipe on kept activations, 32 films."""
    settings = preset("recommended").settings()
    models = {"Keras": _model(settings), "in one pass": _model(settings)}
    first, second = models.values()
    first.optimizer = keras.optimizers.AdamW.from_config(second.optimizer.get_config())
    first.optimizer.build(first.trainable_variables)
    numbers = np.random.default_rng(0)
    films = numbers.normal(size=(settings.batch_size, *first.input.shape[1:])).astype(np.float32)
    labels = np.eye(2, dtype=np.float32)[numbers.integers(0, 2, len(films))]
    seconds = {way: [] for way in models}
    for _ in range(steps + 1):
        for way, model in models.items():
            start = time.perf_counter()
            model.train_on_batch(films, labels)
            seconds[way].append(time.perf_counter() - start)
    for way, (traced, *others) in seconds.items():
        print(f"{way}: {median(others):.3f} s a step, median of {steps}; the first {traced:.1f} s")
    ours, theirs = (median(seconds[way][1:]) for way in ("in one pass", "Keras"))
    print(f"ratio {ours / theirs:.2f}")


def _model(settings: TrainingSettings) -> keras.Model:
    """What stage 1 trains, compiled."""
    network = build(0)
    freeze(network, STAGE)
    model = segment(network, BACKBONE_END, LOGITS)
    make_ready(model, settings, STAGE, steps=100)
    return model


if __name__ == "__main__":
    main()
