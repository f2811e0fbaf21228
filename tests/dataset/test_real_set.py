"""The published images, indexed once for all tests of them."""

import pytest

from core.dataset import Dataset, assign_roles, audit, counts, open_dataset

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dataset(real) -> Dataset:
    """The indexed set."""
    return open_dataset(real)


def test_its_images_and_patients_are_counted_and_it_is_read_once(dataset, real):
    assert counts(dataset) == {
        "train": {"NORMAL": 1341, "PNEUMONIA": 3875},
        "test": {"NORMAL": 115, "PNEUMONIA": 214},
    }
    patients = dataset.table[dataset.table["split"] == "train"].groupby("label")["patient"].nunique()
    assert patients.to_dict() == {"NORMAL": 1211, "PNEUMONIA": 1353 + 1090}
    read = []
    again = open_dataset(real, lambda done, total: read.append(done))
    assert not read and again.fingerprint == dataset.fingerprint


def test_a_tenth_of_its_patients_is_held_out(dataset):
    roles = assign_roles(dataset.table, 0.1, seed=0)
    train = dataset.table[dataset.table["split"] == "train"]
    held_out = dataset.table[roles == "validation"]["patient"].nunique() / train["patient"].nunique()
    assert held_out == pytest.approx(0.1, abs=0.001)


def test_the_audit_finds_what_is_known_of_them(dataset):
    findings = {finding.name: finding for finding in audit(dataset)}
    assert findings["byte_identical_groups"].count == 28
    assert findings["byte_identical_groups"].facts["by_split"] == {"train": 24, "test": 4}
    assert findings["near_identical_groups"].count == 0
    patients = findings["patients_in_several_splits"]
    assert patients.count == 0
    assert patients.facts["bare_numbers_in_test"] == 114
    assert patients.facts["bare_numbers_in_test_and_train"] == 95
    auc = findings["shortcuts"].facts
    assert auc["auc_histogram"] == pytest.approx(0.943, abs=0.02)
    assert auc["auc_frame"] == pytest.approx(0.985, abs=0.02)
    assert auc["auc_thumbnail"] == pytest.approx(0.988, abs=0.01)
