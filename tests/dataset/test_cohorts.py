import numpy as np
import pytest

from core.config import preset
from core.dataset import delete_cohort, open_dataset, read_cohorts, rows_by_role, save_cohort
from core.errors import UserError


@pytest.fixture
def dataset(demo, own_home):
    return open_dataset(demo)


def test_a_cohort_is_kept_with_its_set_and_found_again(dataset, demo):
    save_cohort(dataset, "first ten", np.arange(10))
    assert read_cohorts(demo) == {"first ten": frozenset(dataset.table["sha256"][:10])}
    delete_cohort(demo, "first ten")
    assert read_cohorts(dataset.root) == {}


@pytest.mark.parametrize(("name", "rows"), [("", [1]), ("../up", [1]), ("x" * 41, [1]), ("empty", [])])
def test_a_cohort_without_name_or_images_is_refused(dataset, name, rows):
    with pytest.raises(UserError):
        save_cohort(dataset, name, np.array(rows, int))
    assert read_cohorts(dataset.root) == {}


def test_a_run_trains_and_validates_within_its_cohort_and_tests_on_all(dataset):
    whole = rows_by_role(dataset, preset("seed").settings())
    kept = np.sort(np.concatenate([whole["training"][::2], whole["validation"]]))
    save_cohort(dataset, "half", kept)
    within = rows_by_role(dataset, preset("seed").settings(cohort="half"))
    assert set(within["training"]) == set(whole["training"][::2])
    assert np.array_equal(within["test"], whole["test"])
    with pytest.raises(UserError, match="no cohort 'other'; its cohorts: half"):
        rows_by_role(dataset, preset("seed").settings(cohort="other"))
    save_cohort(dataset, "normal", np.flatnonzero(dataset.labels == 0))
    with pytest.raises(UserError, match="leaves only one class, or no images, for training"):
        rows_by_role(dataset, preset("seed").settings(cohort="normal"))
