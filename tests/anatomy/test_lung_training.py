"""Training of the lung network: the same network in Keras and OpenVINO, its views, and the real command."""

import json
import os
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from core.anatomy import Examples, LungFinder, shared_lung_finder
from core.anatomy.training.augmentation import augment
from core.anatomy.training.batches import stream
from core.anatomy.training.fitting import LungTraining, _checks, learning_rate, train_lungs
from core.anatomy.training.negatives import DRAWINGS, draw_negative
from core.anatomy.training.network import build, loss
from core.architecture import LUNG_LAYERS
from core.cli.main import main
from core.errors import UserError
from core.runs import detached
from core.weights import write_network

pytestmark = pytest.mark.slow


def examples(count=4):
    random = np.random.default_rng(0)
    lungs = np.zeros((count, 128, 128, 2), np.uint8)
    lungs[:, 30:90, 20:55, 0], lungs[:, 30:90, 70:105, 1] = 255, 255
    images = np.where(lungs.any(axis=-1), 60, 170) + random.integers(-20, 20, (count, 128, 128))
    return Examples("drawn", images.astype(np.uint8), lungs)


def test_openvino_computes_what_keras_computes(tmp_path):
    model, random = build(seed=1), np.random.default_rng(2)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            layer.set_weights([random.uniform(low, 1.5, shape) for low in (0.5, -0.5, -0.5, 0.5)])
    arrays = {
        layer.name: tuple(np.float32(np.float16(part)) for part in model.get_layer(layer.name).get_weights())
        for layer in LUNG_LAYERS
        if layer.weights
    }
    for name, parts in arrays.items():
        model.get_layer(name).set_weights(parts)
    write_network(tmp_path / "lungs.h5", LUNG_LAYERS, arrays, {})
    pixels = random.integers(0, 256, (3, 128, 128), np.uint8)
    pair = np.concatenate([pixels, pixels[:, :, ::-1]])[..., np.newaxis].astype(np.float32)
    theirs, mirrored = np.split(np.asarray(keras.ops.softmax(model.predict(pair, verbose=0)))[..., 1:], 2)
    ours = LungFinder(tmp_path / "lungs.h5").probabilities(pixels).transpose(0, 2, 3, 1)
    assert np.abs(ours - (theirs + mirrored[:, :, ::-1, ::-1]) / 2).max() < 1e-3


def test_training_that_finds_no_lung_or_diverges_is_refused_and_leaves_the_file(tmp_path, monkeypatch):
    for name in ("set_intra_op_parallelism_threads", "set_inter_op_parallelism_threads"):
        monkeypatch.setattr(tf.config.threading, name, lambda threads: None)  # too late: it has computed
    path, drawn = tmp_path / "lungs.h5", examples()
    path.write_text("earlier weights")
    missed = Examples("without lungs", drawn.images, np.zeros_like(drawn.lungs))
    settings = LungTraining(minutes=0.001, batch_size=2, checks=1)
    with pytest.raises(UserError, match="found no lung"):
        train_lungs([(drawn, 1.0)], [missed], path, settings)
    diverging = SimpleNamespace(optimizer=SimpleNamespace(), train_on_batch=lambda: float("nan"))
    with pytest.raises(UserError, match="the loss became nan"):
        next(_checks(diverging, iter([()]), settings))
    assert path.read_text() == "earlier weights"


def test_masks_move_with_their_image_and_mirroring_swaps_the_sides():
    drawn = examples(1)
    random, swapped, stayed = np.random.default_rng(0), 0, 0
    for _ in range(60):
        image, lungs = augment(random, drawn.images[0], drawn.lungs[0])
        assert image.shape == (128, 128) and image.dtype == np.uint8
        assert lungs.shape == (128, 128, 2)
        if min(lungs[..., 0].max(), lungs[..., 1].max()) == 255:
            centres = [np.nonzero(lungs[..., side] > 128)[1].mean() for side in (0, 1)]
            stayed, swapped = stayed + (centres[0] < centres[1]), swapped + (centres[0] > centres[1])
    assert stayed > 5 * swapped, "the right lung stays on the left of the image unless it is rotated"


def test_negatives_are_images_of_the_same_size():
    random, drawn = np.random.default_rng(1), examples(1)
    pictures = [draw(random, 128) for draw in DRAWINGS for _ in range(5)]
    pictures += [draw_negative(random, drawn.images[0], drawn.lungs[0]) for _ in range(20)]
    assert {(picture.shape, picture.dtype.name) for picture in pictures} == {((128, 128), "uint8")}


def test_batches_repeat_with_their_seed_and_hold_some_images_without_lungs():
    first, second = (next(stream([(examples(), 1.0)], 64, seed=5)) for _ in range(2))
    assert all(np.array_equal(*pair) for pair in zip(first, second, strict=True))
    images, shares = first
    assert images.shape == (64, 128, 128, 1) and shares.shape == (64, 64, 64, 3)
    assert np.allclose(shares.sum(axis=-1), 1, atol=0.02)
    assert 0 < (shares[..., 0] > 0.99).all(axis=(1, 2)).sum() < 32


def test_the_loss_falls_to_zero_for_the_mask_itself():
    shares = np.eye(3, dtype=np.float32)[np.random.default_rng(0).integers(0, 3, (2, 64, 64))]
    assert np.asarray(loss(shares, 20 * shares)) == pytest.approx(0, abs=1e-3)
    assert (np.asarray(loss(shares, -20 * shares)) > 1).all()


def test_the_learning_rate_rises_and_falls_to_zero():
    rates = [learning_rate(done, 1e-3) for done in np.linspace(0, 1, 101)]
    assert rates[0] < 2e-4 and max(rates) == pytest.approx(1e-3, rel=0.01) and rates[-1] == pytest.approx(0)


def test_the_command_trains_weights_that_are_used_from_then_on(demo, tmp_path, monkeypatch, capsys):
    """Half of the drawn images get a mask: a rough one, which is enough here."""
    for path in sorted(demo.glob("t*/*/*.jpeg"))[::2]:
        target = (tmp_path / "masks" / path.relative_to(demo)).with_suffix(".png")
        target.parent.mkdir(parents=True, exist_ok=True)
        mask = np.zeros((256, 256), np.uint8)
        mask[50:190, 50:110], mask[50:190, 150:210] = 255, 255
        Image.fromarray(mask).save(target)

    common = ["--data", str(demo), "--masks", str(tmp_path / "masks"), "--json"]
    weights, log = tmp_path / "own" / "model_weights" / "lungs.h5", tmp_path / "log.txt"
    command = ["train-lungs", *common, "--minutes", "0.1", "--to", str(weights)]
    # A process of its own: how many threads TensorFlow has is settled once.
    process = detached.start("core", *command, log=log, locks=(), environment=os.environ)
    assert process.wait() == 0, log.read_text()
    trained = json.loads(log.read_text()[log.read_text().index("{") :])
    assert trained["best"]["images"] >= 32
    assert trained["limits"] is False, "six seconds are too short for twenty right masks"
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path / "own"))
    assert shared_lung_finder().facts["training"]["minutes"] == 0.1
    assert main(["evaluate-lungs", *common, "--split", "test"]) == 0
    (values,) = json.loads(capsys.readouterr().out).values()
    assert values["images"] > 0 and 0 <= values["both"]["fifth_percentile"] <= values["both"]["mean"] <= 1
