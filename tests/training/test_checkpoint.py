import keras
import numpy as np
import pytest

from core.config import STAGES, TrainingSettings
from core.training.callbacks import KeepBest
from core.training.checkpoint import Checkpoint
from core.training.loop import Position
from core.training.optimizer import optimizer
from core.weights import ModelRecord

RECIPE = TrainingSettings(
    optimizer="adamw", weight_decay=0.1, schedule="cosine", warmup=0.5, weight_average=0.5, epochs=3
)
OPTIMIZERS = {"adam": lambda: "adam", "recipe": lambda: optimizer(RECIPE, STAGES[1], steps=2)}


def network(kind):
    keras.utils.set_random_seed(1)
    keras.utils.clear_session()  # so that names come out the same
    layers = keras.layers
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization()], name="inner")
    model = keras.Sequential([keras.Input((4,)), inner, layers.Dropout(0.5, seed=1), layers.Dense(2)])
    model.compile(OPTIMIZERS[kind](), "mse")
    return model


def checkpointing(model, folder):
    best = KeepBest(model, model, folder / "best.h5", ModelRecord())
    return Checkpoint(folder, 1, "frozen", Position(), [best], best.save)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_whatever_training_changes_comes_back(kind, tmp_path):
    chance = np.random.default_rng(0)
    batches = [(chance.normal(5, 2, (8, 4)), chance.normal(size=(8, 2))) for _ in range(6)]
    whole = network(kind)
    for batch in batches:
        whole.train_on_batch(*batch)

    first = network(kind)
    for batch in batches[:3]:
        first.train_on_batch(*batch)
    checkpoint = checkpointing(first, tmp_path)
    checkpoint.set_model(first)
    checkpoint.commit()

    again = network(kind)
    checkpointing(again, tmp_path).restore(again)
    for batch in batches[3:]:
        again.train_on_batch(*batch)
    for one, two in zip(whole.get_weights(), again.get_weights(), strict=True):
        assert np.allclose(one, two, rtol=1e-6)
    for one, two in zip(whole.optimizer.variables, again.optimizer.variables, strict=True):
        assert np.allclose(one, two, rtol=1e-6), one.path
