from typing import cast

import numpy as np
import pytest

from core.config import CLASS_NAMES
from core.dataset import open_dataset
from core.images import network_pixels, read_image
from core.inference import (
    UNCERTAIN,
    ModelOutput,
    Prediction,
    Predictor,
    Reader,
    SecondOpinion,
    load_predictor,
)
from core.inference.stability import SHIFT, copies
from core.weights import ModelRecord


class OneDot:
    """Calls images by one pixel of their middle: what a shift changes can be told in advance."""

    record = ModelRecord()

    def probabilities(self, pixels):
        return pixels[:, 64, 64] / 255


def test_changes_are_shifts_with_and_without_a_mirror():
    pixels = np.random.default_rng(0).integers(0, 256, (128, 128), np.uint8)
    found = copies(pixels)
    assert found.shape == (8, 128, 128)
    inner = slice(SHIFT, -SHIFT)
    assert np.array_equal(found[0][inner, inner], np.roll(pixels, SHIFT, axis=0)[inner, inner])
    assert np.array_equal(found[1][inner, inner], np.roll(pixels, -SHIFT, axis=0)[inner, inner])
    assert np.array_equal(found[7][inner, inner], np.roll(pixels[:, ::-1], -SHIFT, axis=1)[inner, inner])
    assert np.array_equal(found[0][0], pixels[0])  # the edge is repeated


BELOW, RIGHT = (64 - SHIFT, 64), (64, 64 + SHIFT)  # what a shift down, or to the left, brings to the middle


GREY = 100  # a probability of 0.39, which is not far from the threshold


def opinion_of(pixels):
    probability = float(pixels[64, 64]) / 255
    prediction = Prediction("NORMAL", probability, probability)
    output = ModelOutput(prediction, pixels, np.zeros(512), np.zeros(1152))
    return SecondOpinion.of(output, cast(Predictor, OneDot()), {1: prediction})


@pytest.mark.parametrize(
    ("bright", "finding"), [((), "NORMAL"), ((BELOW,), "NORMAL"), ((BELOW, RIGHT), UNCERTAIN)]
)
def test_a_finding_is_uncertain_when_two_small_changes_change_it(bright, finding):
    pixels = np.full((128, 128), GREY, np.uint8)
    for place in bright:
        pixels[place] = 255
    opinion = opinion_of(pixels)
    assert (opinion.finding, opinion.changed, opinion.copies) == (finding, len(bright), 8)
    assert opinion.lowest == pytest.approx(GREY / 255, abs=1e-6)
    assert opinion.highest == pytest.approx(1 if bright else GREY / 255, abs=1e-6)


def test_four_mirrored_copies_suffice_where_they_and_the_image_are_clear():
    pixels = np.zeros((128, 128), np.uint8)
    assert opinion_of(pixels).copies == 4
    pixels[64 - SHIFT, 63] = GREY  # in the middle of a mirrored copy
    opinion = opinion_of(pixels)
    assert (opinion.changed, opinion.copies) == (0, 8)
    assert opinion.highest == pytest.approx(GREY / 255, abs=1e-6)


def test_the_other_stages_say_what_they_say_alone(trained, demo):
    path = next((demo / "test/PNEUMONIA").iterdir())
    reader = Reader(trained.weights_path(3))
    (reading,) = reader.read([read_image(path)], second_opinion=True, anyway=True)
    found = reading.second_opinion
    row = open_dataset(demo).table.set_index("path").index.get_loc(str(path.relative_to(demo)))
    assert np.array_equal(network_pixels(read_image(path)), open_dataset(demo).pixels[row])
    assert list(found.stages) == [1, 2, 3] and found.stages[3] == reading.prediction
    assert found.stages[1] == load_predictor(trained.weights_path(1)).predict([read_image(path)])[0]
    assert found.stages_agree == (len({item.label for item in found.stages.values()}) == 1)
    assert found.finding in (*CLASS_NAMES, UNCERTAIN)
