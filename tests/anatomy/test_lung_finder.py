"""The bundled lung network on drawn chests, on changed ones, and on images without lungs."""

from pathlib import Path

import numpy as np
import pytest
from conftest import REAL

from core.anatomy import LungFinder, open_masks
from core.anatomy.agreement import dice
from core.config import PROJECT
from core.dataset import draw_chest
from core.errors import UserError
from core.images import Image, network_pixels, read_image

WEIGHTS = PROJECT / "model_weights" / "bundled" / "lungs.h5"
MASKS = REAL.parent / "lungs" / "lung_masks_224.npz"


@pytest.fixture(scope="module")
def finder():
    return LungFinder(WEIGHTS)


@pytest.fixture(scope="module")
def chests():
    return np.stack([draw_chest(np.random.default_rng([3, number]), "none") for number in range(12)])


def find(finder, pixels):
    return finder.find([Image("", np.ascontiguousarray(image), "") for image in pixels])


def test_the_weights_are_small():
    assert WEIGHTS.stat().st_size <= 4 * 2**20


def test_drawn_chests_have_a_lung_on_either_side_and_are_upright(finder, chests):
    results = find(finder, chests)
    maps = np.stack([lungs.side_map(256, 256) for lungs in results])
    right, left = (maps[..., :128] == 1).mean(axis=(1, 2)), (maps[..., 128:] == 2).mean(axis=(1, 2))
    assert np.mean(np.minimum(right, left) > 0.1) > 0.8
    assert not any("upright" in remark for lungs in results for remark in lungs.quality)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_rotated_chest_is_remarked(finder, chests, turns):
    assert np.mean([not lungs.plausible for lungs in find(finder, np.rot90(chests, turns, (1, 2)))]) >= 0.75


def test_half_a_chest_is_remarked(finder, chests):
    assert all(not lungs.plausible for lungs in find(finder, chests[:, :, :128]))


def test_a_padded_chest_has_smaller_lungs_in_the_same_place(finder, chests):
    padded = np.pad(chests, ((0, 0), (64, 64), (64, 64)))
    pairs = zip(find(finder, chests), find(finder, padded), strict=True)
    shifts = [np.abs(np.array(own.box) / 2 + 0.25 - np.array(other.box)).max() for own, other in pairs]
    assert np.median(shifts) < 0.08


@pytest.mark.parametrize("grey", [0, 128, 255])
@pytest.mark.parametrize("shape", [(64, 64), (300, 900)])
def test_a_blank_image_has_no_lungs(finder, grey, shape):
    (lungs,) = find(finder, [np.full(shape, grey, np.uint8)])
    assert lungs.box is None and lungs.quality == ("no lungs found",)
    assert lungs.mask(*shape).shape == shape and not lungs.mask(*shape).any()


def test_noise_is_remarked(finder):
    noise = np.random.default_rng(0).integers(0, 256, (20, 128, 128), np.uint8)
    assert all(not lungs.plausible for lungs in finder.find_in_pixels(noise))


def test_an_image_of_64_pixels_is_answered(finder, chests):
    (lungs,) = find(finder, [chests[0, ::4, ::4]])
    assert lungs.box and lungs.mask(64, 64).any()


def test_one_by_one_and_in_batches_give_the_same(finder, chests):
    alone = [find(finder, [chest])[0].probabilities for chest in chests[:3]]
    together = [lungs.probabilities for lungs in find(finder, chests[:3])]
    assert np.abs(np.array(alone) - np.array(together)).max() < 1e-4
    assert finder.find([]) == []


def test_a_mirrored_image_has_the_mirrored_lungs(finder, chests):
    pixels = chests[:2, ::2, ::2]
    own = finder.probabilities(np.ascontiguousarray(pixels))
    mirrored = finder.probabilities(np.ascontiguousarray(pixels[:, :, ::-1]))
    assert np.abs(own - mirrored[:, ::-1, :, ::-1]).max() < 1e-4


def test_damaged_weights_are_refused(tmp_path):
    damaged = tmp_path / "lungs.h5"
    damaged.write_bytes(WEIGHTS.read_bytes()[:5000])
    with pytest.raises(UserError, match="damaged or cut short"):
        LungFinder(damaged)
    with pytest.raises(UserError, match="does not exist"):
        LungFinder(tmp_path / "missing.h5")


@pytest.fixture(scope="module")
def real_pixels():
    """Twenty-one training images."""
    if not REAL.is_dir():
        pytest.skip("needs real X-rays")
    paths = sorted(Path(REAL).glob("train/*/*.jpeg"))[::250]
    return np.stack([network_pixels(read_image(path)) for path in paths])


def test_an_inverted_x_ray_has_about_the_same_lungs(finder, real_pixels):
    pairs = zip(finder.find_in_pixels(real_pixels), finder.find_in_pixels(255 - real_pixels), strict=True)
    assert np.median([dice(own.mask(128, 128), other.mask(128, 128)) for own, other in pairs]) > 0.75


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_every_rotated_x_ray_is_remarked(finder, real_pixels, turns):
    turned = np.ascontiguousarray(np.rot90(real_pixels, turns, (1, 2)))
    assert not any(lungs.plausible for lungs in finder.find_in_pixels(turned))


def test_an_upright_x_ray_has_plausible_lungs(finder, real_pixels):
    assert np.mean([lungs.plausible for lungs in finder.find_in_pixels(real_pixels)]) >= 0.9


@pytest.mark.skipif(not MASKS.exists(), reason="needs real X-rays")
def test_real_lungs_agree_with_their_masks(finder):
    paths = [str(path.relative_to(REAL)) for path in sorted(Path(REAL).glob("train/*/*.jpeg"))[::250]]
    masks = open_masks(MASKS, paths)
    paths = [path for path in paths if path in masks.paths]
    lungs = finder.find([read_image(REAL / path) for path in paths])
    scores = [dice(one.mask(224, 224), masks.read(path)) for one, path in zip(lungs, paths, strict=True)]
    assert np.mean(scores) > 0.9
