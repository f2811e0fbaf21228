import json

import numpy as np
import pandas as pd
import pytest
from site_measurements import READ
from sklearn.metrics import roc_auc_score

from core.evaluation import wilson_by_patient
from core.site import SiteReadings, measure, metric_texts


def readings(rows: list[dict], groups: tuple[str, ...] = (), synthetic: bool = False) -> SiteReadings:
    """Readings of images, each of its own patient unless said otherwise."""
    table = pd.DataFrame(
        [{"sha256": f"{number:03}", "patient": "", **READ, **row} for number, row in enumerate(rows)]
    )
    return SiteReadings("site", "model", 0.5, (), groups, (), synthetic, table)


def images(count: int, seed: int = 0) -> list[dict]:
    """Images of both classes with probabilities that tell a little."""
    random = np.random.default_rng(seed)
    labels = random.random(count) < 0.5
    probabilities = np.clip(random.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    return [
        {
            "label": "PNEUMONIA" if label else "NORMAL",
            "probability": probability,
            "patient": f"p{number // 2}",
        }
        for number, (label, probability) in enumerate(zip(labels, probabilities, strict=True))
    ]


def test_metrics_are_of_the_images_with_a_result_and_intervals_by_patient():
    rows = images(120)
    measurement = measure(readings(rows))
    labels = np.array([row["label"] == "PNEUMONIA" for row in rows])
    probabilities = np.array([row["probability"] for row in rows])
    patients = np.array([row["patient"] for row in rows])
    assert measurement.metrics["auc"] == pytest.approx(roc_auc_score(labels, probabilities))
    found = (probabilities >= 0.5)[labels]
    assert measurement.metrics["intervals"]["sensitivity"] == wilson_by_patient(found, patients[labels])
    assert measurement.counts.results == 120 and measurement.counts.patients == 60
    assert sum(row["n"] for row in measurement.reliability) == 120
    assert measurement.calibration.slope == pytest.approx(1.1003, abs=1e-3)
    assert set(metric_texts(measurement.metrics)) > {
        "Sensitivity",
        "ROC AUC",
    }
    json.dumps(measurement.values(), allow_nan=False)


def test_what_does_not_count_is_left_out_and_told():
    rows = images(40)
    copy = {**rows[0], "sha256": "000"}
    other_way = {
        **rows[1],
        "sha256": "001",
        "label": "NORMAL" if rows[1]["label"] == "PNEUMONIA" else "PNEUMONIA",
    }
    trained = {"label": "NORMAL", "probability": 0.1, "in_training": True}
    known = {"label": "NORMAL", "probability": 0.1, "patient_in_training": True}
    withheld = {"label": "NORMAL", "probability": np.nan, "withheld": "no lungs", "doubts": "no lungs"}
    broken = {"label": "NORMAL", "probability": np.nan, "sha256": "", "error": "The file is empty (0 bytes)."}
    rows[2] |= {"warned": True, "doubts": "age; colour"}
    left_out = [copy, other_way, trained, known, known | {"in_training": True}, withheld, broken, broken]
    counts = measure(readings([*rows, *left_out])).counts
    assert (counts.files, counts.copies, counts.contradictory) == (48, 1, 2)
    assert (counts.in_training, counts.patient_in_training) == (2, 1)
    assert counts.unreadable == {"The file is empty (0 bytes).": 2}
    assert counts.withheld == {"no lungs": 1} and counts.withheld_by_class == {"NORMAL": 1}
    assert counts.results == 39 and counts.warned == 1 and counts.doubts == {"age": 1, "colour": 1}


def test_a_model_that_is_not_shown_to_beat_chance_is_called_so():
    random = np.random.default_rng(1)
    rows = [{**row, "probability": random.random()} for row in images(100)]
    assert "no better than chance" in " ".join(measure(readings(rows)).cautions())
    assert "chance" not in " ".join(measure(readings(images(100))).cautions())


def test_labels_of_one_class_give_one_rate():
    rows = [row for row in images(60) if row["label"] == "NORMAL"]
    measurement = measure(readings(rows))
    assert measurement.metrics["auc"] is None and measurement.metrics["specificity"] is not None
    assert "All images with a result are NORMAL: there is no ROC AUC" in measurement.cautions()[0]


def test_five_images_conclude_nothing():
    sentences = " ".join(measure(readings(images(5))).cautions())
    assert "Nothing can be concluded from" in sentences and "no slope" in sentences


def test_images_that_are_all_withheld_are_measured_as_none():
    rows = [{**row, "probability": np.nan, "withheld": "no lungs"} for row in images(6)]
    measurement = measure(readings(rows, ()))
    assert measurement.metrics is None and measurement.counts.withheld == {"no lungs": 6}
    assert "nothing can be measured" in measurement.cautions()[0]
    json.dumps(measurement.values(), allow_nan=False)


def test_what_makes_the_figures_mislead_is_said_first():
    rows = images(60)
    assert measure(readings(rows)).cautions() == []
    measurement = measure(
        readings([{**row, "patient": "", "warned": i % 2 > 0} for i, row in enumerate(rows)], (), True)
    )
    drawn, warned, unknown = measurement.cautions()
    assert drawn.startswith("SYNTHETIC images") and measurement.values()["synthetic"]
    assert warned.startswith("30 of 60 results carry a warning")
    assert unknown.startswith("The patient of 60 of 60 results is unknown")
    assert measurement.counts.without_patient == measurement.counts.patients == 60


def test_a_model_that_withholds_most_is_called_so():
    rows = [
        {**row, "probability": np.nan, "withheld": "no lungs"} if i % 3 else row
        for i, row in enumerate(images(60))
    ]
    assert any("most of these images" in sentence for sentence in measure(readings(rows)).cautions())
