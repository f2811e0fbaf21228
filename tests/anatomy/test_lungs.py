import numpy as np
import pytest

from core.anatomy.geometry import Geometry, measure
from core.anatomy.lungs import lungs_of
from core.anatomy.quality import NO_LUNGS, ONE_LUNG_ONLY, TILTED, fit_limits, with_quality

ROWS, COLUMNS = np.mgrid[:128, :128]


def ellipse(row, column, height, width):
    return ((ROWS - row) / height) ** 2 + ((COLUMNS - column) / width) ** 2 <= 1


def drawn(right=(60, 38, 36, 18), left=(60, 90, 36, 16)):
    """Probabilities of two ellipses, either of which may be missing."""
    planes = np.zeros((2, 128, 128), np.float32)
    for plane, shape in zip(planes, (right, left), strict=True):
        if shape is not None:
            plane[ellipse(*shape)] = 0.98
    return planes


def geometries(count=200):
    random = np.random.default_rng(0)
    changes = random.normal(0, 1.5, (count, 2, 4))
    shapes = np.array([(60, 38, 36, 18), (60, 90, 36, 16)]) + changes
    return [measure(lungs_of(drawn(*shape))) for shape in shapes]


@pytest.fixture(scope="module")
def limits():
    return fit_limits(geometries())


def test_box_and_areas_are_shares_of_the_image_and_right_is_the_patients_right():
    lungs = lungs_of(drawn())
    assert lungs.box == pytest.approx((20 / 128, 24 / 128, 107 / 128, 97 / 128), abs=0.5 / 128)
    assert lungs.right_area == pytest.approx(np.pi * 36 * 18 / 128**2, rel=0.02)
    assert lungs.left_area == pytest.approx(np.pi * 36 * 16 / 128**2, rel=0.02)


def test_a_mask_has_the_size_that_is_asked_for_and_keeps_its_place():
    lungs = lungs_of(drawn())
    mask = lungs.mask(300, 500)
    assert mask.shape == (300, 500) and mask.dtype == bool
    assert mask.mean() == pytest.approx(lungs.right_area + lungs.left_area, rel=0.02)
    side_map = lungs.side_map(300, 500)
    assert (side_map[140, 150], side_map[140, 350], side_map[5, 5]) == (1, 2, 0)


def test_specks_are_dropped_and_holes_are_filled():
    planes = drawn()
    planes[0, 2:5, 2:5] = 0.9
    planes[1, 58:64, 86:92] = 0
    lungs = lungs_of(planes)
    assert not lungs.mask(128, 128)[2:5, 2:5].any()
    assert (lungs.side_map(128, 128)[58:64, 86:92] == 2).all()
    assert lungs.box == lungs_of(drawn()).box


def test_plausible_lungs_get_no_remark(limits):
    lungs = with_quality(lungs_of(drawn()), limits)
    assert lungs.quality == () and lungs.implausibility <= 1
    kept = [not remarks_of(geometry, limits) for geometry in geometries()]
    assert np.mean(kept) >= 0.995


def remarks_of(geometry, limits):
    low_and_high = [(getattr(geometry, name), *limit) for name, limit in limits.items()]
    return [v for v, low, high in low_and_high if (low and v < low) or (high and v > high)]


@pytest.mark.parametrize(
    "planes, words",
    [
        (drawn(None, None), NO_LUNGS),
        (drawn((60, 38, 5, 5), None), NO_LUNGS),
        (drawn(left=None), ONE_LUNG_ONLY),
        (drawn(left=(60, 90, 8, 5)), ONE_LUNG_ONLY),
        (drawn(left=(60, 90, 20, 12)), "much smaller"),
        (drawn().transpose(0, 2, 1), TILTED.format(tilt=90)),
        (drawn()[::-1], TILTED.format(tilt=180)),
        (drawn((2, 38, 36, 18), (2, 90, 36, 16)), "cut off"),
        (drawn((60, 50, 12, 6), (60, 70, 12, 6)), "too small a share"),
        (drawn((60, 31, 60, 31), (60, 94, 60, 31)), "too large a share"),
        (drawn((60, 30, 20, 26), (60, 90, 20, 26)), "implausible shape"),
        (0.55 * drawn(), "uncertain"),
    ],
)
def test_each_fault_is_named(planes, words, limits):
    lungs = with_quality(lungs_of(np.ascontiguousarray(planes)), limits)
    assert any(words in remark for remark in lungs.quality) and lungs.implausibility > 1


def test_limits_come_from_the_images_alone(limits):
    assert set(limits) == set(Geometry.__dataclass_fields__)
    assert limits["tilt"] == (None, 20.0), "20 degrees are always allowed"
    low, high = limits["area"]
    areas = [geometry.area for geometry in geometries()]
    assert low < np.percentile(areas, 1) and high > np.percentile(areas, 99)
