import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind_from_stats

from core.site.shift import PREFIX, find_shifts

TRAINING = 4000


def table(images: int, seed: int = 0, images_each: int = 1, **shifts: float) -> pd.DataFrame:
    """Images whose numbers deviate by chance, and by `shifts` besides, each the same for one patient."""
    random = np.random.default_rng(seed)
    numbers = {
        f"{PREFIX}{name}": np.repeat(random.normal(shift, 1, images), images_each)
        for name, shift in shifts.items()
    }
    n = images * images_each
    patients = [f"p{number // images_each}" for number in range(n)]
    return pd.DataFrame({"sha256": [f"{number:04}" for number in range(n)], "patient": patients, **numbers})


def test_effect_and_p_are_welchs_and_the_largest_comes_first():
    images = table(80, contrast=0.0, brightness=-0.9)
    first, second = find_shifts(images, TRAINING).shifts
    values = images[f"{PREFIX}brightness"]
    expected = ttest_ind_from_stats(values.mean(), values.std(), 80, 0, 1, TRAINING, equal_var=False)
    assert first.name == "brightness" and first.effect == pytest.approx(values.mean())
    assert first.p == pytest.approx(2 * expected.pvalue)  # Holm's, the smaller of two
    assert first.interval == pytest.approx(_interval(values))
    assert second.name == "contrast" and not second.shown


def _interval(values: pd.Series) -> tuple[float, float]:
    """Where Welch's test against a training mean of this value has p = 0.05, by bisection."""
    bounds = []
    for sign in (-1, 1):
        near, far = 0.0, 10.0
        for _ in range(60):
            middle = (near + far) / 2
            at = ttest_ind_from_stats(
                sign * middle, values.std(), len(values), 0, 1, TRAINING, equal_var=False
            )
            near, far = (middle, far) if at.pvalue > 0.05 else (near, middle)
        bounds.append(values.mean() + sign * near)
    return bounds[0], bounds[1]


def test_examples_are_nearest_to_the_training_images_and_farthest_in_the_direction_of_the_shift():
    images = table(60, brightness=-0.9)
    (shift,) = find_shifts(images, TRAINING).shifts
    values = images.set_index("sha256")[f"{PREFIX}brightness"]
    assert shift.farthest == values.idxmin() and shift.nearest == values.abs().idxmin()


def test_images_like_those_of_training_show_no_shift():
    numbers = {f"number {number}": 0.0 for number in range(20)}
    searches = [find_shifts(table(100, seed, **numbers), TRAINING) for seed in range(20)]
    assert sum(bool(search.shown) for search in searches) <= 3  # one in twenty by chance
    assert "No shift" in next(search for search in searches if not search.shown).sentences()[0]


def test_many_images_of_one_patient_count_once():
    (shift,) = find_shifts(table(10, images_each=30, brightness=0.0), TRAINING).shifts
    assert shift.patients == 10 and shift.interval[1] - shift.interval[0] > 0.8


def test_what_is_not_known_is_said():
    assert "fewer than" in find_shifts(table(3, brightness=2.0), TRAINING).sentences()[0].lower()
    unknown = table(30)
    assert "not known" in find_shifts(unknown, 0).sentences()[0] and not find_shifts(unknown, 0).values()
