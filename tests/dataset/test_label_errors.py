import numpy as np
import pytest

from core.dataset import ImageFeatures, audit, open_dataset, review_label, save_image_features
from core.dataset.image_features import read_image_features
from core.dataset.label_errors import label_error_scores, suspicious_labels


@pytest.fixture
def dataset(demo, own_home):
    return open_dataset(demo)


def features(dataset, flipped=()):
    """Numbers that tell the class well, but say the opposite for some images."""
    chance = np.random.default_rng(0)
    labels = dataset.labels.copy()
    labels[list(flipped)] = 1 - labels[list(flipped)]
    numbers = chance.normal(size=(len(labels), 4)) + 8 * labels[:, np.newaxis] * np.eye(4)[0]
    return ImageFeatures(dataset.table["sha256"].to_numpy(str), numbers.astype(np.float16), "digest")


def test_without_kept_features_nothing_is_told(dataset):
    assert label_error_scores(dataset) is None
    finding = {item.name: item for item in audit(dataset)}["suspicious_labels"]
    assert finding.count == 0 and "no finished run on this data set" in finding.facts["images_scored"]


def test_images_that_look_like_the_other_class_are_doubted_most(dataset):
    flipped = [3, 11, len(dataset.table) - 2]
    save_image_features(dataset.root, features(dataset, flipped))
    doubts = label_error_scores(dataset)
    assert set(np.argsort(-doubts)[:3]) == set(flipped)
    finding = {item.name: item for item in audit(dataset)}["suspicious_labels"]
    assert set(finding.examples[:3]) == set(dataset.table["path"].iloc[flipped])
    assert finding.facts["images_scored"] == len(dataset.table)
    review_label(dataset, flipped[0], dataset.table["label"].iloc[flipped[0]], "Dr Lee", "rightly labelled")
    assert flipped[0] not in suspicious_labels(dataset, doubts)
    assert {*flipped[1:]} <= {*suspicious_labels(dataset, doubts)}


def test_an_image_without_features_is_not_judged_and_more_images_replace_fewer(dataset):
    whole = features(dataset)
    part = ImageFeatures(whole.sha256[:-5], whole.features[:-5], "digest")
    save_image_features(dataset.root, part)
    scores = label_error_scores(dataset)
    assert np.isnan(scores[-5:]).all() and np.isfinite(scores[:-5]).all()
    save_image_features(dataset.root, whole)
    save_image_features(dataset.root, part)
    assert len(read_image_features(dataset.root).sha256) == len(whole.sha256)


def test_too_few_images_of_a_class_are_not_judged(dataset):
    whole = features(dataset)
    chosen = np.flatnonzero(dataset.labels == 1)
    save_image_features(dataset.root, ImageFeatures(whole.sha256[chosen], whole.features[chosen], "digest"))
    assert label_error_scores(dataset) is None
