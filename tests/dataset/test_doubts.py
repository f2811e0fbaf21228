import numpy as np
import pytest

from core.dataset import FilmFeatures, audit, keep_film_features, open_dataset
from core.dataset.doubts import label_doubts
from core.dataset.film_features import film_features


@pytest.fixture
def dataset(demo, own_home):
    return open_dataset(demo)


def features(dataset, flipped=()):
    """Numbers that tell the class well, but say the opposite for some films."""
    chance = np.random.default_rng(0)
    labels = dataset.labels.copy()
    labels[list(flipped)] = 1 - labels[list(flipped)]
    numbers = chance.normal(size=(len(labels), 4)) + 8 * labels[:, np.newaxis] * np.eye(4)[0]
    return FilmFeatures(dataset.table["sha256"].to_numpy(str), numbers.astype(np.float16), "digest")


def test_without_kept_features_nothing_is_told(dataset):
    assert label_doubts(dataset) is None
    finding = {item.name: item for item in audit(dataset)}["suspicious_labels"]
    assert finding.count == 0 and "no run has kept features" in finding.facts["films_judged"]


def test_films_that_look_like_the_other_class_are_doubted_most(dataset):
    flipped = [3, 11, len(dataset.table) - 2]
    keep_film_features(dataset.root, features(dataset, flipped))
    doubts = label_doubts(dataset)
    assert set(np.argsort(-doubts)[:3]) == set(flipped)
    finding = {item.name: item for item in audit(dataset)}["suspicious_labels"]
    assert set(finding.examples[:3]) == set(dataset.table["path"].iloc[flipped])
    assert finding.facts["films_judged"] == len(dataset.table)


def test_a_film_without_features_is_not_judged_and_more_films_replace_fewer(dataset):
    whole = features(dataset)
    part = FilmFeatures(whole.sha256[:-5], whole.features[:-5], "digest")
    keep_film_features(dataset.root, part)
    assert np.isnan(label_doubts(dataset)[-5:]).all() and np.isfinite(label_doubts(dataset)[:-5]).all()
    keep_film_features(dataset.root, whole)
    keep_film_features(dataset.root, part)
    assert len(film_features(dataset.root).sha256) == len(whole.sha256)


def test_too_few_films_of_a_class_are_not_judged(dataset):
    whole = features(dataset)
    chosen = np.flatnonzero(dataset.labels == 1)
    keep_film_features(dataset.root, FilmFeatures(whole.sha256[chosen], whole.features[chosen], "digest"))
    assert label_doubts(dataset) is None
