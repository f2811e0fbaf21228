"""Duration of a step of stage 1 with Keras's optimizer update and with the compiled one, alternating.

python -m experiments.optimizer_update
"""

import time
from statistics import median
from typing import cast

import click
import keras
import numpy as np

from core.architecture import LOGITS, VGG19
from core.config import STAGES, TrainingSettings, preset
from core.network import build, freeze, segment
from core.training.fitting import compile_model

STAGE = STAGES[1]
STEPS_PER_EPOCH = 100


@click.command()
@click.option("--steps", default=10, show_default=True, help="Timed steps of each, after a first one.")
def main(steps: int) -> None:
    """Seconds of a step of preset `recommended` on cached activations, one batch."""
    settings = preset("recommended").settings()
    models = {"Keras": _stage_1_model(settings), "one pass": _stage_1_model(settings)}
    by_keras, one_pass = models.values()
    by_keras.optimizer = keras.optimizers.AdamW.from_config(one_pass.optimizer.get_config())
    by_keras.optimizer.build(by_keras.trainable_variables)
    random = np.random.default_rng(0)
    shape = (settings.batch_size, *cast(keras.KerasTensor, by_keras.input).shape[1:])
    activations = random.normal(size=shape).astype(np.float32)
    labels = np.eye(2, dtype=np.float32)[random.integers(0, 2, len(activations))]
    seconds = {update: [] for update in models}
    for _ in range(steps + 1):
        for update, model in models.items():
            began = time.perf_counter()
            model.train_on_batch(activations, labels)
            seconds[update].append(time.perf_counter() - began)
    for update, (first, *others) in seconds.items():
        print(f"{update}: {median(others):.3f} s a step, median of {steps}; the first {first:.1f} s")
    slow, fast = (median(seconds[update][1:]) for update in models)
    print(f"ratio {fast / slow:.2f}")


def _stage_1_model(settings: TrainingSettings) -> keras.Model:
    """The trainable model of stage 1, compiled."""
    network = build(0)
    freeze(network, STAGE)
    model = segment(network, VGG19.end, LOGITS)
    compile_model(model, settings, STAGE, steps=STEPS_PER_EPOCH)
    return model


if __name__ == "__main__":
    main()
