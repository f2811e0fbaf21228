import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, fisher_exact
from statsmodels.stats.multitest import multipletests

from core.errors import UserError
from core.evaluation import Predictions
from core.site.groups import class_mixes, group_rates, grouped


@pytest.fixture
def predictions():
    """200 images of 200 patients at two wards and in three views; ward A has errors in a third of them."""
    random = np.random.default_rng(0)
    ward = np.where(random.random(200) < 0.4, "A", "B")
    label = random.random(200) < np.where(ward == "A", 0.7, 0.4)
    right = random.random(200) < np.where(ward == "A", 0.65, 0.95)
    table = pd.DataFrame(
        {
            "path": [f"{number:03}" for number in range(200)],
            "label": np.where(label, "PNEUMONIA", "NORMAL"),
            "patient": "",
            "probability": np.where(label == right, 0.8, 0.2),
            "group: ward": ward,
            "group: view": random.choice(["AP", "PA", "LL"], 200),
        }
    )
    return Predictions.of("site", table)


def test_no_image_of_a_column_is_lost():
    dates = pd.Series([str(20230101 + day) for day in range(28)])
    assert sum(mask.sum() for mask in grouped(dates, "date").values()) == 28
    views = pd.Series(["AP", "unknown", "", "PA", "Unknown"])
    assert {name: int(mask.sum()) for name, mask in grouped(views, "view").items()} == {
        "AP": 1,
        "PA": 1,
        "unknown": 3,
    }


def test_differences_are_fishers_and_corrected_for_all_tests(predictions):
    groups = group_rates(predictions, 0.5, ("ward", "view"))
    table, correct = predictions.table, ~predictions.wrong_at(0.5)
    expected = {}
    for column, name in (("ward", "A"), ("view", "AP"), ("view", "LL"), ("view", "PA")):
        for rate, label in (("sensitivity", "PNEUMONIA"), ("specificity", "NORMAL")):
            of_class, inside = table["label"] == label, table[f"group: {column}"] == name
            counts = [
                [(correct & of_class & side).sum(), (~correct & of_class & side).sum()]
                for side in (inside, ~inside)
            ]
            expected[column, name, rate] = fisher_exact(counts).pvalue
    adjusted = dict(zip(expected, multipletests(list(expected.values()), method="holm")[1], strict=True))
    p_values = {(group.column, group.group): group for group in groups}
    for (column, name, rate), p in adjusted.items():
        assert getattr(p_values[column, name], f"{rate}_p") == pytest.approx(p)
    assert adjusted["ward", "A", "sensitivity"] < 0.05
    assert p_values["ward", "B"].sensitivity_p is None  # the same test as of ward A


def test_classes_that_differ_in_a_column_are_told(predictions):
    ward, view = class_mixes(predictions, ("ward", "view"))
    counts = pd.crosstab(predictions.table["group: ward"], predictions.table["label"])
    assert (
        ward.p == pytest.approx(2 * chi2_contingency(counts).pvalue) and "differs by ward" in ward.sentence()
    )
    assert view.sentence() == ""


def test_images_of_one_patient_are_tested_once(predictions):
    twice = pd.concat([predictions.table, predictions.table.assign(path=lambda table: table["path"] + "b")])
    twice["patient"] = twice["path"].str[:3]
    doubled = group_rates(Predictions.of("twice", twice), 0.5, ("ward",))
    single = group_rates(predictions, 0.5, ("ward",))
    for one, two in zip(single, doubled, strict=True):
        assert two.images == 2 * one.images and two.patients == one.patients
        assert two.sensitivity_p == one.sensitivity_p
        assert two.sensitivity_interval == pytest.approx(one.sensitivity_interval, abs=0.01)


def test_numbers_become_quarters_and_unknown_values_a_group():
    ages = pd.Series([*map(str, range(1, 41)), "", "036Y"])
    groups = grouped(ages, "age")
    assert list(groups)[0] == "unknown" and [int(mask.sum()) for mask in groups.values()] == [
        1,
        11,
        10,
        10,
        10,
    ]
    assert "1 to 11" in groups
    assert list(grouped(pd.Series(["1", "2", "1"]), "stage")) == ["1", "2"]


def test_dates_become_quarters_of_the_time():
    days = [f"2026-{month:02d}-15" for month in range(1, 13)]
    groups = grouped(pd.Series([*days[::-1], ""]), "taken")
    assert {name: int(mask.sum()) for name, mask in groups.items()} == {
        "unknown": 1,
        "20260115 to 20260315": 3,
        "20260415 to 20260615": 3,
        "20260715 to 20260915": 3,
        "20261015 to 20261215": 3,
    }


def test_a_column_of_names_makes_no_groups():
    with pytest.raises(UserError, match="'name' has 20 different values"):
        grouped(pd.Series([f"patient {number}" for number in range(20)]), "name")
