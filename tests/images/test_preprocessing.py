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


def test_ranks_are_the_same_whatever_exposure_and_window_were(images):
    """Gamma and a window that clips nothing are monotone: they change grey levels, not their order."""
    wide = np.stack([images[0], images[1]]).astype(float)
    changed = np.rint(255 * ((wide - 40) / 160) ** 0.5).astype(np.uint8)
    assert np.array_equal(preprocess(changed, "rank"), preprocess(images, "rank"))


def test_ranks_spread_evenly_over_all_grey_levels():
    image = np.random.default_rng(1).permutation(128 * 128).reshape(1, 128, 128) // 64
    ranked = preprocess(np.sqrt(image).astype(np.uint8), "rank")
    assert abs(ranked.mean() - 127.5) < 0.5 and ranked.min() < 16 and ranked.max() > 239


def test_the_rank_of_a_uniform_image_is_the_middle():
    assert (preprocess(np.full((1, 128, 128), 7, np.uint8), "rank") == 128).all()


def test_no_images_give_no_images():
    none = np.empty((0, 128, 128), np.uint8)
    assert [preprocess(none, method).shape for method in PREPROCESSING] == [none.shape] * len(PREPROCESSING)
