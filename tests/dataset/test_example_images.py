"""The X-rays that are drawn for people who try the Diagnosis page."""

import numpy as np
import pytest
from PIL import Image

from core.anatomy import shared_lung_finder
from core.dataset import draw_example

RIGHT_LOWER_LUNG = np.s_[230:300, 130:200]
LEFT_LOWER_LUNG = np.s_[230:300, 430:480]


@pytest.fixture(scope="module")
def examples() -> dict[bool, np.ndarray]:
    """The same child with an opacity and without."""
    return {with_opacity: draw_example(3, with_opacity) for with_opacity in (True, False)}


def test_the_same_seed_draws_the_same_example(examples):
    assert np.array_equal(draw_example(3, with_opacity=True), examples[True])
    assert not np.array_equal(draw_example(4, with_opacity=True), examples[True])


def test_an_opacity_is_brighter_than_the_other_lung_and_a_healthy_lung_is_not(examples):
    ratios = {
        key: pixels[RIGHT_LOWER_LUNG].mean() / pixels[LEFT_LOWER_LUNG].mean()
        for key, pixels in examples.items()
    }
    assert ratios[True] > 1.5 and 0.7 < ratios[False] < 1.3


def test_two_plausible_lungs_are_found_in_the_examples(examples):
    pixels = [np.asarray(Image.fromarray(drawn).resize((128, 128))) for drawn in examples.values()]
    assert all(lungs.plausible for lungs in shared_lung_finder().find_in_pixels(np.stack(pixels)))
