import json
import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from core.config import STAGES, TrainingSettings
from core.training.callbacks import History, KeepBest
from core.training.checkpoint import Checkpoint
from core.training.loop import Position
from core.training.optimizer import optimizer
from core.weights import ModelRecord

pytestmark = pytest.mark.slow

RECIPE = TrainingSettings(
    optimizer="adamw", weight_decay=0.1, schedule="cosine", warmup=0.5, weight_average=0.5, epochs=3
)
OLD = Path(__file__).parents[1] / "fixtures" / "old_checkpoint"
OPTIMIZERS = {"adam": lambda: "adam", "recipe": lambda: optimizer(RECIPE, STAGES[1], steps=2)}


def network(kind):
    keras.utils.set_random_seed(1)
    keras.utils.clear_session()  # so that names come out the same
    layers = keras.layers
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization()], name="inner")
    model = keras.Sequential([keras.Input((4,)), inner, layers.Dropout(0.5, seed=1), layers.Dense(2)])
    # To compile takes longer than to train, but for our own optimizers, which compile each update.
    model.compile(OPTIMIZERS[kind](), "mse", run_eagerly=kind == "adam")
    return model


def state(model):
    """All that training changes."""
    return [keras.ops.convert_to_numpy(item) for item in (*model.variables, *model.optimizer.variables)]


def checkpointing(model, folder):
    best = KeepBest(model, model, folder / "best.h5", ModelRecord())
    return Checkpoint(folder, 1, "frozen", Position(), [best], best.save)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_whatever_training_changes_comes_back(kind, tmp_path):
    chance = np.random.default_rng(0)
    batches = [(chance.normal(5, 2, (8, 4)), chance.normal(size=(8, 2))) for _ in range(6)]
    whole = network(kind)
    for batch in batches[:3]:
        whole.train_on_batch(*batch)
    checkpoint, before = checkpointing(whole, tmp_path), state(whole)
    checkpoint.set_model(whole)
    checkpoint.commit()
    assert all(map(np.array_equal, state(whole), before))  # it goes on as if there had been no checkpoint

    again = network(kind)
    checkpointing(again, tmp_path).restore(again)
    for model in (whole, again):
        for batch in batches[3:]:
            model.train_on_batch(*batch)
    for one, two in zip(state(whole), state(again), strict=True):
        assert np.allclose(one, two, rtol=1e-6)


def test_the_newest_checkpoint_that_is_whole_is_restored(tmp_path):
    model = network("adam")
    model.train_on_batch(np.ones((8, 4)), np.ones((8, 2)))
    checkpoint = checkpointing(model, tmp_path)
    checkpoint.set_model(model)
    for epoch in (1, 2):
        checkpoint.position.epochs = epoch
        checkpoint.commit()
    for expected in (2, 1):
        again = checkpointing(model, tmp_path)
        again.restore(model)
        assert again.position.epochs == expected
        with open(tmp_path / f"stage-1-epoch-{expected}-step-0.h5", "r+b") as file:
            file.truncate(1000)


def test_the_best_weights_are_saved_after_the_checkpoint_that_names_them(tmp_path):
    """Killed between the two, a run saves them when it resumes; in the other order it would not know."""
    model, committed = network("adam"), []
    model.train_on_batch(np.ones((8, 4)), np.ones((8, 2)))
    best = KeepBest(model, model, tmp_path / "best.h5", ModelRecord())
    position = Position()
    checkpoint = Checkpoint(
        tmp_path,
        1,
        "frozen",
        position,
        [best],
        lambda: committed.extend(json.loads((tmp_path / "checkpoint.json").read_text())),
    )
    checkpoint.set_model(model)
    checkpoint.set_params({"epochs": 9})
    position.epochs = 1
    checkpoint.on_epoch_end(0, {"best": True})
    assert [commit["epochs"] for commit in committed] == [1]


def test_training_goes_on_from_a_checkpoint_of_an_earlier_version(tmp_path):
    """`tests/fixtures/old_checkpoint` holds this network after three batches of the recipe, under 0.1.0."""
    shutil.copytree(OLD, tmp_path, dirs_exist_ok=True)
    model = network("recipe")
    best, history = KeepBest(model, model, tmp_path / "best.h5", ModelRecord()), History(None, 1, 4, None)
    stop = keras.callbacks.EarlyStopping("val_loss")
    plateau = keras.callbacks.ReduceLROnPlateau("val_loss")
    checkpoint = Checkpoint(tmp_path, 1, "frozen", Position(), [best, history, stop, plateau], best.save)
    checkpoint.restore(model)
    checkpoint.on_train_begin()
    position = checkpoint.position
    assert (position.epochs, position.logs) == (2, [{"loss": 0.5, "accuracy": 0.75}])
    assert (best.best, best.best_epoch, history.seconds) == (0.25, 1, 12.5)
    assert (stop.best, stop.best_epoch, stop.wait) == (0.25, 0, 1)
    assert (plateau.best, plateau.wait, plateau.cooldown_counter) == (0.25, 1, 0)
    with h5py.File(tmp_path / "stage-1-epoch-2-step-1.h5") as file:
        for weight in model.trainable_variables:
            assert np.array_equal(keras.ops.convert_to_numpy(weight), file[f"model/{weight.path}"])
        for state in model.optimizer.variables:
            assert np.array_equal(keras.ops.convert_to_numpy(state), file[f"optimizer/{state.path}"])
    assert int(model.optimizer.iterations) == 3
