import numpy as np
import pytest
from scipy.ndimage import center_of_mass

from core.config import Augmentation, Group, declarations
from core.dataset import affine_matrix, augment, augmented_views, draw_chest, grey_curve

STILL = dict.fromkeys(("rotation", "width_shift", "height_shift", "shear"), 0.0)
NOTHING = Augmentation(horizontal_flip=False, vertical_flip=False, **STILL)
DIGEST = "0123456789abcdef" * 4
IMAGE = np.random.default_rng(0).integers(0, 255, (128, 128), dtype=np.uint8)


def views(strengths, count=200):
    return [affine_matrix(strengths, 0, DIGEST, view, 128) for view in range(count)]


def test_strengths_of_zero_change_nothing():
    assert np.array_equal(augment(IMAGE, views(NOTHING, 1)[0]), IMAGE)


def test_a_horizontal_flip_is_an_exact_mirror_image_of_half_the_views():
    flipped = Augmentation(horizontal_flip=True, vertical_flip=False, **STILL)
    results = [augment(IMAGE, matrix) for matrix in views(flipped)]
    mirrored = [np.array_equal(result, IMAGE[:, ::-1]) for result in results]
    assert all(m or np.array_equal(r, IMAGE) for m, r in zip(mirrored, results, strict=True))
    assert 70 < sum(mirrored) < 130


def test_a_vertical_flip_turns_the_image_upside_down():
    flipped = Augmentation(horizontal_flip=False, vertical_flip=True, **STILL)
    assert any(np.array_equal(augment(IMAGE, matrix), IMAGE[::-1]) for matrix in views(flipped, 20))


def test_rotation_stays_within_its_strength_and_keeps_the_centre():
    turned = views(Augmentation(False, False, 40.0, 0, 0, 0))
    angles = [np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])) for matrix in turned]
    assert max(map(abs, angles)) <= 40 and max(angles) > 35 and min(angles) < -35
    for matrix in turned:
        assert matrix[:, :2] @ [63.5, 63.5] + matrix[:, 2] == pytest.approx([63.5, 63.5])


@pytest.mark.parametrize(("name", "axis"), [("height_shift", 0), ("width_shift", 1)])
def test_shifts_move_along_their_axis_within_their_strength(name, axis):
    spot = np.zeros((128, 128), np.uint8)
    spot[60:68, 60:68] = 255
    strengths = Augmentation(False, False, **{**STILL, name: 0.2})
    moves = np.array([center_of_mass(augment(spot, matrix)) for matrix in views(strengths)]) - 63.5
    assert np.abs(moves[:, 1 - axis]).max() < 1e-6
    assert np.abs(moves[:, axis]).max() <= 0.2 * 128 + 1
    assert np.abs(moves[:, axis]).max() > 0.18 * 128


def test_shear_leaves_rows_level():
    for matrix in views(Augmentation(False, False, **{**STILL, "shear": 20.0})):
        assert matrix[0, :2] == pytest.approx([1, 0])
        assert abs(matrix[1, 0]) <= np.tan(np.deg2rad(20))


def test_a_random_frame_lies_within_the_image_and_has_its_share_and_aspect():
    matrices = views(Augmentation(False, False, **STILL, crop=0.3, aspect=0.1), 500)
    sides = np.array([np.diag(matrix[:, :2]) for matrix in matrices])
    assert 0.7 / np.sqrt(1.1) <= sides.min() < 0.72 and sides.max() <= 1
    stretch = sides[:, 1] / sides[:, 0]
    assert stretch.min() >= 0.9 - 1e-9 and stretch.max() <= 1.1 + 1e-9 and np.ptp(stretch) > 0.15
    corners = np.array([[matrix @ [0, 0, 1], matrix @ [127, 127, 1]] for matrix in matrices])
    assert corners.min() >= -1e-9 and corners.max() <= 127 + 1e-9
    assert corners[:, 0].max() > 30 and corners[:, 1].min() < 97


def test_grey_levels_follow_a_rising_curve_within_the_strengths():
    still = grey_curve(NOTHING, 0, DIGEST, 0)
    assert np.array_equal(still, np.arange(256))
    strengths = Augmentation(False, False, **STILL, contrast=0.2)
    curves = np.stack([grey_curve(strengths, 0, DIGEST, view) for view in range(200)]).astype(int)
    assert (np.diff(curves, axis=1) >= 0).all()
    slopes = (curves[:, 160] - curves[:, 96]) / 64
    assert 0.78 < slopes.min() < 0.85 and 1.15 < slopes.max() < 1.22
    assert (np.abs(curves[:, 127] - 127) <= 1).all()
    lighter = np.stack(
        [grey_curve(Augmentation(False, False, **STILL, gamma=0.2), 0, DIGEST, view) for view in range(200)]
    )
    assert (lighter[:, 0] == 0).all() and (lighter[:, 255] == 255).all() and np.ptp(lighter[:, 100]) > 15


def test_seed_image_and_view_decide_and_nothing_else():
    first = affine_matrix(Augmentation(), 0, DIGEST, 0, 128)
    assert np.array_equal(first, affine_matrix(Augmentation(), 0, DIGEST, 0, 128))
    for other in (
        affine_matrix(Augmentation(), 1, DIGEST, 0, 128),
        affine_matrix(Augmentation(), 0, DIGEST[::-1], 0, 128),
        affine_matrix(Augmentation(), 0, DIGEST, 1, 128),
    ):
        assert not np.array_equal(first, other)


def test_a_batch_is_its_images_one_by_one():
    pixels = np.stack([IMAGE, IMAGE.T])
    batch = augmented_views(pixels, [DIGEST, DIGEST[::-1]], [3, 4], Augmentation(), seed=5)
    alone = augment(IMAGE.T, affine_matrix(Augmentation(), 5, DIGEST[::-1], 4, 128))
    assert np.array_equal(batch[1], alone)
    strong = Augmentation(brightness=0.5)
    curved = augmented_views(pixels, [DIGEST, DIGEST[::-1]], [3, 4], strong, seed=5)
    assert np.array_equal(curved[1], grey_curve(strong, 5, DIGEST[::-1], 4)[alone])
    assert np.array_equal(augmented_views(pixels, [], [], None, 0), pixels)


APPEARANCE = [name for name, item in declarations(Augmentation).items() if item.group == Group.APPEARANCE]
CHEST = draw_chest(np.random.default_rng(0), "bacteria")[::2, ::2]


def looks(views=40, seed=0, **strengths):
    changed = Augmentation(False, False, **STILL, **strengths)
    pixels = np.repeat(CHEST[np.newaxis], views, axis=0)
    return augmented_views(pixels, [DIGEST] * views, list(range(views)), changed, seed)


def difference(views):
    return np.abs(views.astype(int) - CHEST).mean(axis=(1, 2))


@pytest.mark.parametrize("name", APPEARANCE)
def test_an_appearance_changes_with_its_strength_and_leaves_the_chest_where_it_is(name):
    weak, strong = difference(looks(**{name: 0.02})), difference(looks(**{name: 0.2}))
    assert strong.mean() > weak.mean() and strong.max() > 0.1
    assert np.array_equal(looks(**{name: 0.2}), looks(**{name: 0.2}))
    assert not np.array_equal(looks(**{name: 0.2}), looks(seed=1, **{name: 0.2}))
    for view in looks(**{name: 0.2}):
        assert np.corrcoef(view.ravel(), CHEST.ravel())[0, 1] > 0.7


def test_a_texture_never_inverts_the_image():
    correlations = [np.corrcoef(view.ravel(), CHEST.ravel())[0, 1] for view in looks(200, texture=0.9)]
    assert min(correlations) > 0


def test_markers_come_in_the_share_of_the_views_that_was_asked_for():
    marked = difference(looks(300, markers=0.3)) > 0
    assert 60 < marked.sum() < 120


def test_a_new_appearance_leaves_framing_and_grey_levels_as_they_were_drawn():
    plain = augmented_views(CHEST[np.newaxis], [DIGEST], [0], Augmentation(contrast=0.2), 3)
    noisy = augmented_views(CHEST[np.newaxis], [DIGEST], [0], Augmentation(contrast=0.2, noise=0.01), 3)
    assert not np.array_equal(plain, noisy)
    assert np.abs(plain.astype(int) - noisy).mean() < 4
