"""Is it a frontal chest X-ray, and is it whole? Real X-rays, changed, read by the bundled model."""

from math import inf
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from bundled_run import BUNDLED_WEIGHTS

from core.anatomy import NO_LUNGS, ONE_LUNG_ONLY, Lungs, lung_shares, open_masks
from core.images import Image, network_pixels, read_image
from core.inference import Reader, Reading
from core.inference.lung_check import MAX_IMPLAUSIBILITY, lung_checks

MASKS = Path(__file__).parents[3] / "shared/lungs/lung_masks_224.npz"
HANDS = Path(__file__).parents[3] / "shared/external/not_frontal_chest/hand"
NAMES = ("train/NORMAL/IM-0115-0001.jpeg", "train/NORMAL/IM-0117-0001.jpeg")


@pytest.fixture(scope="module")
def reader():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PNEUMONIA_STUDIO_BUNDLED", raising=False)
        bundled = Reader(BUNDLED_WEIGHTS)
        assert bundled.reference
    return bundled


@pytest.fixture(scope="module")
def chests(real):
    return [read_image(real / name).pixels for name in NAMES]


def reading(reader, pixels) -> Reading:
    (found,) = reader.read([Image("image", np.ascontiguousarray(pixels), "digest")])
    return found


def resized(pixels, width, height):
    return np.asarray(PIL.Image.fromarray(pixels).resize((width, height), PIL.Image.Resampling.BILINEAR))


def cut(pixels, share):
    rows, columns = (int(share * side) for side in pixels.shape)
    return pixels[rows:-rows, columns:-columns]


def collimated(pixels):
    dark = np.zeros_like(pixels)
    edge = len(pixels) // 16
    dark[edge:-edge, edge:-edge] = pixels[edge:-edge, edge:-edge]
    return dark


def two_in_one_image(chest, other):
    return np.hstack([resized(chest, 64, 128), resized(other, 64, 128)])


def with_pacemaker_and_tube(pixels):
    drawn = pixels.copy()
    box = [(0.62, 0.2), (0.78, 0.2), (0.78, 0.33), (0.62, 0.33)]
    lead, tube = [(0.64, 0.3), (0.52, 0.25), (0.46, 0.5), (0.52, 0.7)], [(0.5, 0), (0.5, 0.45), (0.47, 0.55)]
    box, lead, tube = (np.int32(len(pixels) * np.array(points)) for points in (box, lead, tube))
    cv2.fillPoly(drawn, [box], 250)
    cv2.polylines(drawn, [lead], False, 240, 2, cv2.LINE_AA)
    cv2.polylines(drawn, [tube], False, 220, 3, cv2.LINE_AA)
    return drawn


def held_by(pixels, hand):
    """A hand from either side over the lower ribs."""
    held, third = pixels.astype(float), len(pixels) // 3
    rows = slice(-third - len(pixels) // 8, -(len(pixels) // 8))
    fingers = 0.6 * resized(hand, third, third)
    held[rows, :third] += np.rot90(fingers[:, ::-1], -1)
    held[rows, -third:] += np.rot90(fingers)
    return np.minimum(held, 255).astype(np.uint8)


def shuffled(chest, _):
    return np.random.default_rng(0).permutation(chest.ravel()).reshape(chest.shape)


ANSWERED, WARNED, NO_RESULT = "answered", "warned", "withheld"


@pytest.mark.parametrize(
    "change, outcomes, words",
    [
        (lambda chest, _: chest, {ANSWERED}, ""),
        (lambda chest, _: resized(chest, 64, 64), {WARNED}, "enlarged from a small image"),
        (lambda chest, _: resized(chest, 900, 700), {ANSWERED}, ""),
        (lambda chest, _: collimated(chest), {ANSWERED, WARNED}, ""),
        (lambda chest, _: with_pacemaker_and_tube(chest), {ANSWERED, WARNED}, ""),
        (lambda chest, _: 255 - chest, {WARNED}, "inverted"),
        (lambda chest, _: chest[::-1], {WARNED}, "upside down"),
        (lambda chest, _: chest[::-1, ::-1], {WARNED}, "upside down"),
        (lambda chest, _: np.rot90(chest), {WARNED, NO_RESULT}, "rotated 90° left"),
        (lambda chest, _: np.rot90(chest, -1), {WARNED, NO_RESULT}, "rotated 90° right"),
        (lambda chest, _: np.pad(chest, len(chest) // 4), {WARNED, NO_RESULT}, "too small a share"),
        (lambda chest, _: cut(chest, 0.2), {WARNED}, "cut off by the border"),
        (lambda chest, _: chest[:, : chest.shape[1] // 2], {NO_RESULT}, "one lung"),
        (lambda chest, _: cut(chest, 0.4), {NO_RESULT}, "lung"),
        (two_in_one_image, {NO_RESULT}, "lungs"),
        (lambda chest, _: np.full((200, 200), 90, np.uint8), {NO_RESULT}, "Blank"),
        (shuffled, {NO_RESULT}, "No lungs found"),
    ],
)
def test_each_image_is_answered_warned_of_or_withheld_with_its_reason(
    reader, chests, change, outcomes, words
):
    found = reading(reader, change(*chests))
    warnings = [check.sentence for check in found.checks]
    assert (NO_RESULT if found.withheld else WARNED if warnings else ANSWERED) in outcomes, warnings
    assert words in " ".join(warnings)


@pytest.mark.skipif(not HANDS.exists(), reason="needs real hands")
def test_a_child_that_somebody_holds_is_answered_or_warned_of(reader, chests):
    for hand in sorted(HANDS.iterdir())[:5]:
        for chest in chests:
            assert not reading(reader, held_by(chest, read_image(hand).pixels)).withheld


def test_a_lung_that_is_white_is_still_a_lung(reader, real):
    from core.anatomy.training.augmentation import whiten_lung  # which imports Keras

    paths = [str(path.relative_to(real)) for path in sorted((real / "train/NORMAL").iterdir())[:60]]
    masks = open_masks(MASKS, paths)
    random = np.random.default_rng(0)
    whitened = [
        whiten_lung(random, network_pixels(read_image(real / path)), lung_shares(masks.read(path)))
        for path in paths
        if path in masks.paths
    ]
    readings = reader.read([Image("image", pixels, "digest") for pixels in whitened])
    assert not [check.sentence for each in readings for check in each.checks if check.withheld]
    assert sum(each.doubts_lungs for each in readings) <= len(whitened) // 20


def lungs(implausibility, *quality):
    return Lungs(np.zeros((2, 128, 128), np.float32), None, 0.1, 0.1, quality, implausibility)


@pytest.mark.parametrize(
    "found, limit, reason, withheld",
    [
        (lungs(1.0), 1.0, None, None),
        (lungs(1.2, "the lungs are odd"), 1.0, "implausible lungs", False),
        (lungs(1.2, "the lungs are odd"), 1.3, None, None),
        (lungs(MAX_IMPLAUSIBILITY + 0.1, "the lungs are odd"), 1.0, "implausible lungs", True),
        (lungs(MAX_IMPLAUSIBILITY + 0.1, "the lungs are odd"), 1.3, "implausible lungs", False),
        (lungs(inf, ONE_LUNG_ONLY), 1.3, "one lung", True),
        (lungs(inf, NO_LUNGS), 1.3, "no lungs", True),
        (lungs(inf, NO_LUNGS), inf, None, None),
    ],
)
def test_lungs_are_compared_with_the_limit_of_the_models_own_images(found, limit, reason, withheld):
    checks = [(check.reason, check.withheld) for check in lung_checks(found, limit)]
    assert checks == ([(reason, withheld)] if reason else [])
