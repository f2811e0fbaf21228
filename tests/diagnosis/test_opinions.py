import numpy as np
import pytest

from core.config import CLASS_NAMES
from core.dataset import open_dataset
from core.diagnosis import UNCERTAIN, Look, Prediction, load_predictor, opinion
from core.diagnosis.opinions import SHIFT, changed
from core.images import Radiograph, network_pixels, read
from core.weights import ModelRecord


class OneDot:
    """Calls films by one pixel of their middle: what a shift changes can be told in advance."""

    record = ModelRecord()

    def probabilities(self, pixels):
        return pixels[:, 64, 64] / 255


def test_changes_are_shifts_with_and_without_a_mirror():
    pixels = np.random.default_rng(0).integers(0, 256, (128, 128), np.uint8)
    found = changed(pixels)
    assert found.shape == (8, 128, 128)
    inner = slice(SHIFT, -SHIFT)
    assert np.array_equal(found[0][inner, inner], np.roll(pixels, SHIFT, axis=0)[inner, inner])
    assert np.array_equal(found[1][inner, inner], np.roll(pixels, -SHIFT, axis=0)[inner, inner])
    assert np.array_equal(found[7][inner, inner], np.roll(pixels[:, ::-1], -SHIFT, axis=1)[inner, inner])
    assert np.array_equal(found[0][0], pixels[0])  # the edge is repeated


BELOW, RIGHT = (64 - SHIFT, 64), (64, 64 + SHIFT)  # what a shift down, or to the left, brings to the middle


@pytest.mark.parametrize(
    ("bright", "finding"), [((), "NORMAL"), ((BELOW,), "NORMAL"), ((BELOW, RIGHT), UNCERTAIN)]
)
def test_a_finding_is_uncertain_when_two_small_changes_change_it(bright, finding):
    pixels = np.zeros((128, 128), np.uint8)
    for place in bright:
        pixels[place] = 255
    film = Radiograph("film", pixels, "digest")
    look = Look(Prediction("NORMAL", 0.0, 0.0), pixels, np.zeros(512), np.zeros(1152))
    found = opinion(film, look, {1: OneDot()}, 1)
    assert (found.finding, found.otherwise, found.changes) == (finding, len(bright), 8)
    assert found.lowest == pytest.approx(0, abs=1e-6)
    assert found.highest == pytest.approx(1 if bright else 0, abs=1e-6)


def test_the_other_stages_say_what_they_say_alone(trained, demo):
    predictors = {stage: load_predictor(trained.weights_path(stage)) for stage in (1, 2, 3)}
    path = next((demo / "test/PNEUMONIA").iterdir())
    look = predictors[3].look([read(path)])[0]
    answer = look.prediction
    found = opinion(read(path), look, predictors, 3)
    row = open_dataset(demo).table.set_index("path").index.get_loc(str(path.relative_to(demo)))
    assert np.array_equal(network_pixels(read(path)), open_dataset(demo).pixels[row])
    assert list(found.stages) == [1, 2, 3] and found.stages[3] == answer
    assert found.stages[1] == predictors[1].predict([read(path)])[0]
    assert found.agreeing == (len({item.label for item in found.stages.values()}) == 1)
    assert found.finding in (*CLASS_NAMES, UNCERTAIN)
