import json

import numpy as np
import pytest
from scipy.stats import binomtest

from core.site import compare_models, measure
from tests.site.test_measurement import images, readings


def measured(rows: list[dict], model: str):
    """The measurement of a model of this name."""
    of_model = readings(rows)
    object.__setattr__(of_model, "model", model)
    return measure(of_model)


def test_models_are_compared_on_the_images_on_which_all_have_a_result():
    first, second = images(80), images(80, seed=0)
    random = np.random.default_rng(5)
    for number, row in enumerate(second):
        row["probability"] = random.random()
        if number < 6:
            row |= {"probability": np.nan, "withheld": "no lungs"}
    compared = compare_models([measured(first, "active"), measured(second, "other")])
    assert len(compared.models[0]) == len(compared.models[1]) == 74
    assert compared.notes()[:2] == [
        "74 images have a result of each model; only these are compared.",
        "active has 6 more.",
    ]
    differences = {test.measure: test.difference for test in compared.tests if test.difference}
    positive = np.array([row["label"] == "PNEUMONIA" for row in first])[6:]
    right = [np.array([row["probability"] >= 0.5 for row in rows[6:]])[positive] for rows in (first, second)]
    only = [int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())]
    expected = binomtest(only[0], sum(only)).pvalue  # McNemar's exact test
    assert differences["sensitivity"].p_value == pytest.approx(expected)
    assert differences["auc"].value < 0 and compared.metrics and compared.metrics["other"]["n"] == 74
    json.dumps(compared.values(), allow_nan=False)


def test_one_model_is_compared_with_none():
    compared = compare_models([measured(images(40), "active")], ["x/3@1 was not measured. It is damaged."])
    assert not compared.models and not compared.tests
    assert compared.notes() == ["x/3@1 was not measured. It is damaged."]


def test_models_without_an_image_in_common_are_told_to_be_so():
    rows, other = images(40), images(40)
    for number in range(40):
        half = rows if number % 2 else other
        half[number] |= {"probability": np.nan, "withheld": "no lungs"}
    compared = compare_models([measured(rows, "active"), measured(other, "other")])
    assert compared.notes()[0].startswith("The models cannot be laid side by side")
    none = [row | {"probability": np.nan, "withheld": "no lungs"} for row in images(40)]
    compared = compare_models([measured(images(40), "active"), measured(none, "other")])
    assert compared.notes() == ["other has no result and is not compared."]
    json.dumps(compared.values(), allow_nan=False)


def test_labels_of_one_class_are_compared_by_their_rate_alone():
    rows = [row for row in images(80) if row["label"] == "NORMAL"]
    compared = compare_models([measured(rows, "active"), measured(rows, "other")])
    by_measure = {test.measure: test for test in compared.tests}
    specificity = by_measure["specificity"].difference
    assert specificity and specificity.value == 0
    assert "cannot be compared" in by_measure["auc"].sentence()


def test_models_are_shown_under_other_names_unless_two_would_share_one():
    compared = compare_models([measured(images(40), "a"), measured(images(40, seed=0), "b")])
    shown = compared.named({"a": "Stage 3 · first"})
    names = {"Stage 3 · first", "b"}
    assert {model.name for model in shown.models} == set(shown.metrics) == names
    assert {test.first for test in shown.tests} | {test.second for test in shown.tests} == names
    assert [item.readings.model for item in shown.measurements] == ["Stage 3 · first", "b"]
    assert shown.metrics["b"] == compared.metrics["b"]
    assert compared.named({"a": "same", "b": "same"}) is compared
