import numpy as np
import pytest

from core.config import PREPROCESSING
from core.images import preprocessed


@pytest.fixture
def films():
    """Two faint films: a gradient, and noise on one side."""
    gradient = np.tile(np.linspace(100, 120, 128, dtype=np.uint8), (128, 1))
    noisy = np.full((128, 128), 60, np.uint8)
    noisy[:, :64] += np.random.default_rng(0).integers(0, 8, (128, 64), np.uint8)
    return np.stack([gradient, noisy])


def test_clahe_draws_faint_contrasts_apart_and_each_film_alone(films):
    before = films.copy()
    found = preprocessed(films, "clahe")
    assert found.shape == films.shape and found.dtype == np.uint8
    assert (found.std(axis=(1, 2)) > 1.05 * films.std(axis=(1, 2))).all()
    assert np.array_equal(found[1:], preprocessed(films[1:], "clahe"))
    assert np.array_equal(films, before)


def test_a_clip_limit_holds_back_what_plain_equalisation_would_blow_up(films):
    """Equalised over all grey levels, eight of them would span the whole range."""
    assert np.ptp(preprocessed(films, "clahe")[1]) < 128


def test_without_preprocessing_films_stay_as_they_are(films):
    assert preprocessed(films, PREPROCESSING[0]) is films
