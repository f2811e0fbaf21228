import numpy as np
import pytest

from core.config import PREPROCESSING
from core.images import preprocess


@pytest.fixture
def images():
    """Two faint images: a gradient, and noise on one side."""
    gradient = np.tile(np.linspace(100, 120, 128, dtype=np.uint8), (128, 1))
    noisy = np.full((128, 128), 60, np.uint8)
    noisy[:, :64] += np.random.default_rng(0).integers(0, 8, (128, 64), np.uint8)
    return np.stack([gradient, noisy])


def test_clahe_draws_faint_contrasts_apart_and_each_image_alone(images):
    before = images.copy()
    found = preprocess(images, "clahe")
    assert found.shape == images.shape and found.dtype == np.uint8
    assert (found.std(axis=(1, 2)) > 1.05 * images.std(axis=(1, 2))).all()
    assert np.array_equal(found[1:], preprocess(images[1:], "clahe"))
    assert np.array_equal(images, before)


def test_a_clip_limit_holds_back_what_plain_equalisation_would_blow_up(images):
    """Equalised over all grey levels, eight of them would span the whole range."""
    assert np.ptp(preprocess(images, "clahe")[1]) < 128


def test_without_preprocessing_images_stay_as_they_are(images):
    assert preprocess(images, PREPROCESSING[0]) is images
