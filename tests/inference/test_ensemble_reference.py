import numpy as np
import pytest

from core.inference.ensemble_reference import EnsembleReference
from core.inference.heat_map import HeatMap, mean_heat_map
from core.inference.reference import Reference


def reference(seed: int, channels: int, units: int, images: str, rows: int = 8) -> Reference:
    """A reference of training images with one letter each, by a network that was never trained."""
    random = np.random.default_rng(seed)
    hidden = random.random((len(images), units))
    return Reference(
        created="now",
        sha256=np.array(list(images)),
        labels=np.array(["NORMAL"] * len(images)),
        hidden=(hidden / np.linalg.norm(hidden, axis=1, keepdims=True)).astype(np.float16),
        means=random.random((2, channels)).astype(np.float32),
        precision=np.eye(channels, dtype=np.float32),
        distance_limit=1.0,
        coefficients=np.zeros((5, 256), np.float32),
        intercepts=np.array([5, 0, 0, 0, 0], np.float32),
        peaks=random.random((rows, rows)),
        orientation_limit=0.5,
    )


def test_the_most_cautious_member_decides_how_far_an_image_is_off():
    members = reference(0, 3, 4, "abc"), reference(1, 5, 4, "abc")
    features = np.random.default_rng(2).random((6, 8)).astype(np.float32)
    scores = EnsembleReference(members).distance(features)
    each = [members[0].distance(features[:, :3]), members[1].distance(features[:, 3:])]
    assert np.array_equal(scores, np.maximum(*each)) and len(set(np.argmax(each, axis=0))) == 2
    assert np.array_equal(EnsembleReference(members).peaks, np.maximum(members[0].peaks, members[1].peaks))


def test_one_member_that_sees_another_orientation_is_enough():
    upright, turned = reference(0, 3, 4, "abc"), reference(1, 3, 4, "abc")
    turned.intercepts[:] = [0, 0, 0, 5, 0]
    pixels = np.zeros((128, 128), np.uint8)
    assert EnsembleReference((upright, upright)).orientation(pixels) == "upright"
    assert EnsembleReference((upright, turned)).orientation(pixels) == "rotated left"


def test_similar_images_are_those_of_all_members_by_their_mean_distance():
    members = reference(0, 3, 4, "abcd"), reference(1, 3, 6, "dcbx")
    hidden = np.random.default_rng(2).random(10).astype(np.float32)
    first = {image.sha256: image.distance for image in members[0].nearest(hidden[:4])}
    second = {image.sha256: image.distance for image in members[1].nearest(hidden[4:])}
    neighbours = EnsembleReference(members).nearest(hidden)
    assert {image.sha256 for image in neighbours} == set("bcd")
    for image in neighbours:
        assert image.distance == pytest.approx((first[image.sha256] + second[image.sha256]) / 2)
    assert [image.distance for image in neighbours] == sorted(image.distance for image in neighbours)


def test_maps_of_different_networks_are_averaged_in_the_finer_grid():
    coarse = HeatMap(np.full((4, 4), 0.5, np.float32), (0, 0, 0.5, 1))
    fine = np.zeros((8, 8), np.float32)
    fine[2, 3] = 1
    mean = mean_heat_map([coarse, HeatMap(fine, (0, 0, 0.5, 1))])
    assert mean.values.shape == (8, 8) and mean.peak == (2, 3) and mean.box == (0, 0, 0.5, 1)
    assert mean.values.max() == 1 and mean.values[0, 0] == pytest.approx(0.25 / 0.75)
    assert not mean_heat_map([HeatMap(np.zeros((8, 8), np.float32))] * 2).values.any()
    members = reference(0, 3, 4, "abc", rows=8), reference(1, 3, 4, "abc", rows=4)
    assert EnsembleReference(members).peaks is None
