import numpy as np
import pandas as pd
import pytest

from core.config import TrainingSettings
from core.dataset import assign_roles, open_dataset, rows_by_role, sample
from core.errors import UserError


@pytest.fixture
def table(demo):
    return open_dataset(demo).table


def test_no_patient_stands_on_two_sides(table):
    roles = assign_roles(table, 0.2, seed=0)
    for _, group in pd.Series(roles).groupby(table["patient"]):
        assert group.nunique() == 1


def test_every_kind_of_patient_is_held_out_in_its_share(table):
    roles = assign_roles(table, 0.2, seed=0)
    outside = table["split"] != "test"
    for _, group in table[outside].groupby("cause"):
        patients = group.groupby("patient").size().index
        held_out = group[roles[group.index] == "validation"]["patient"].nunique()
        assert held_out == np.ceil(0.2 * len(patients))


def test_test_images_stay_test_images(table):
    roles = assign_roles(table, 0.1, seed=3)
    assert ((roles == "test") == (table["split"] == "test")).all()


def test_the_seed_alone_decides_and_added_patients_move_nobody(table):
    roles = assign_roles(table, 0.1, seed=1)
    assert (roles == assign_roles(table, 0.1, seed=1)).all()
    assert (roles != assign_roles(table, 0.1, seed=2)).any()


def test_runs_of_several_seeds_with_one_split_seed_hold_out_the_same_images(demo):
    first, second, other = (
        rows_by_role(open_dataset(demo), TrainingSettings(seed=seed, split_seed=split, validation_limit=4))
        for seed, split in ((1, 0), (2, 0), (2, None))
    )
    assert all((first[role] == second[role]).all() for role in first)
    assert list(first["training"]) != list(other["training"])
    assert TrainingSettings.from_json({"seed": 3}).seed_of_split == 3  # a run from before


def test_published_validation_images_join_training(table):
    moved = table.assign(split=table["split"].where(table.index % 2 == 0, "val"))
    assert set(assign_roles(moved, 0.1, seed=0)) == {"training", "validation", "test"}
    assert "val" not in set(assign_roles(moved, 0.1, seed=0))


def test_one_class_alone_cannot_be_split(table):
    with pytest.raises(UserError, match="train/NORMAL contains images of 0 patients"):
        assign_roles(table[table["label"] == "PNEUMONIA"].reset_index(drop=True), 0.1, seed=0)


def test_a_sample_keeps_the_classes_in_their_shares(table):
    rows = np.flatnonzero(table["split"] == "train")
    chosen = sample(table, rows, 20, seed=0)
    assert set(chosen) <= set(rows)
    share = (table.loc[chosen, "label"] == "NORMAL").mean()
    assert share == pytest.approx((table.loc[rows, "label"] == "NORMAL").mean(), abs=0.06)
    assert (chosen == sample(table, rows, 20, seed=0)).all()
