import json
from dataclasses import replace

import numpy as np
import pytest
from site_measurements import measured, of_table

from core.errors import UserError
from core.inference import ModelIdentity
from core.site import accept, check_against_criteria, keep_measured_set, measured_set, write_criteria

IDENTITY = ModelIdentity("r/3", 1, "0123abcd")


@pytest.fixture
def measurement(own_home):
    """Of 200 images, of which one is withheld, one copied and one of training; two numbers are known."""
    table = measured(200).readings.table
    table["watched: brightness"] = np.arange(200.0)
    table["watched: distance"] = [None, *np.linspace(0.5, 1.5, 199)]
    table.loc[3, "withheld"] = "blank"
    table.loc[4, "sha256"] = table.loc[5, "sha256"]
    table.loc[4, "label"] = table.loc[5, "label"]
    table.loc[6, "in_training"] = True
    return of_table(table)


def test_numbers_of_images_that_count_are_kept_without_digests_or_patients(measurement, own_home):
    kept = keep_measured_set(measurement, IDENTITY, "Dr. Roe")
    (file,) = (own_home / "measured-sets").iterdir()
    content = json.loads(file.read_text())
    assert set(content["table"]) == {"label", "probability", "brightness", "distance"}
    assert "p3" not in file.read_text() and "NaN" not in file.read_text()
    again = measured_set(IDENTITY)
    assert len(again.table) == 198 and again.table["probability"].isna().sum() == 1
    assert again.table["distance"].isna().sum() == 1 and again.table["brightness"].notna().all()
    assert again.words() == kept.words() and "198 images of site for which the model was set" in again.words()
    assert "by Dr. Roe" in again.words()
    assert measured_set(replace(IDENTITY, version=2)) is not None  # the same file, promoted by override
    assert measured_set(replace(IDENTITY, digest="another")) is None


def test_a_model_is_accepted_where_every_criterion_that_was_written_before_is_met(own_home):
    write_criteria(0.5, None, None, None, "Roe")
    acceptance = check_against_criteria(measured(400))
    assert acceptance.passed
    assert "on which the model was accepted" in accept(acceptance, IDENTITY, "Roe").words()
    with pytest.raises(UserError, match="gives a name"):
        accept(acceptance, IDENTITY, " ")
    write_criteria(1.0, None, None, None, "Roe")
    with pytest.raises(UserError, match="is not accepted. 0 of 1 criteria"):
        accept(check_against_criteria(measured(400)), replace(IDENTITY, digest="other"), "Roe")
    assert measured_set(replace(IDENTITY, digest="other")) is None


def test_a_set_of_one_class_is_not_used_and_a_damaged_one_is_told(measurement, own_home):
    table = measurement.readings.table
    keep_measured_set(of_table(table[table["label"] == "NORMAL"]), IDENTITY, "Roe")
    assert measured_set(IDENTITY) is None
    (file,) = (own_home / "measured-sets").iterdir()
    file.write_text("{")
    with pytest.raises(UserError, match="is damaged"):
        measured_set(IDENTITY)
