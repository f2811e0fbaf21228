"""Criteria that are written down, and measurements checked against them."""

import io
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta

import numpy as np
import pytest
from pypdf import PdfReader
from site_measurements import measured, of_table

from core import config
from core.errors import UserError
from core.registry import active_model
from core.site import acceptance_pdf, check_against_criteria, write_criteria, written_criteria
from core.site.claim import claim_items
from core.site.reading_log import ReadingLog

CLAIM_ITEMS = 44  # of the update of 2024


def read_at(hours: float) -> str:
    return (datetime.now().astimezone() + timedelta(hours=hours)).isoformat()


def test_criteria_are_kept_and_the_last_ones_count(own_home):
    assert written_criteria() == []
    write_criteria(0.9, None, None, None, "Dr Roe")
    write_criteria(0.8, 0.7, None, 0.05, "Dr Roe")
    assert [item.sensitivity for item in written_criteria()] == [0.9, 0.8]
    assert "sensitivity of at least 0.8, specificity of at least 0.7" in written_criteria()[-1].sentence()
    (config.home() / "site-criteria.json").write_text('[{"auc": 1}]')
    with pytest.raises(UserError, match="are damaged"):
        written_criteria()


def test_criteria_that_several_owners_write_at_once_are_all_kept(own_home):
    with ThreadPoolExecutor(8) as owners:
        list(owners.map(lambda name: write_criteria(0.9, None, None, None, name), "ABCDEFGH"))
    assert sorted(item.by for item in written_criteria()) == list("ABCDEFGH")


@pytest.mark.parametrize(
    "values, by, reason",
    [
        ((None, None, None, None), "me", "There is no criterion"),
        ((0.3, None, None, None), "me", "for sensitivity is 0.3; give one from 0.5 to 1"),
        ((None, None, float("nan"), None), "me", "for auc is nan"),
        ((None, None, None, 0.9), "me", "for withheld is 0.9; give one from 0 to 0.5"),
        ((0.9, None, None, None), " ", "gives a name"),
    ],
)
def test_criteria_that_make_no_sense_are_refused(values, by, reason, own_home):
    with pytest.raises(UserError, match=reason):
        write_criteria(*values, by)
    assert written_criteria() == []


def test_a_criterion_is_met_or_missed_only_by_a_whole_interval(own_home):
    with pytest.raises(UserError, match="No criteria"):
        check_against_criteria(measured(400, began=read_at(1)))
    measurement = measured(400, began=read_at(1))
    low, high = measurement.metrics["intervals"]["sensitivity"]
    results = {}
    for name, criterion in {"met": low - 0.01, "not shown": (low + high) / 2, "missed": high + 0.01}.items():
        write_criteria(criterion, None, None, 0.5, "Dr Roe")
        acceptance = check_against_criteria(measurement)
        results[name] = acceptance.outcomes[0].result
        assert acceptance.passed == (name == "met")
        assert acceptance.outcomes[1].result == "met"  # nothing is withheld
    assert results == {name: name for name in results}


def test_criteria_written_afterwards_and_drawn_images_prove_nothing(own_home):
    write_criteria(0.5, None, None, None, "Dr Roe")
    for acceptance, reason in (
        (
            check_against_criteria(measured(400, began=read_at(-1))),
            "400 of these images had been read before",
        ),
        (check_against_criteria(measured(400, began=read_at(1), synthetic=True)), "SYNTHETIC"),
    ):
        assert acceptance.outcomes[0].result == "met"
        assert not acceptance.passed and reason in acceptance.verdict()


def test_criteria_that_are_lowered_after_a_measurement_prove_nothing_on_its_images(own_home):
    write_criteria(0.99, None, None, None, "Dr Roe")
    ReadingLog().add(["0001", "elsewhere"], read_at(0))
    assert not check_against_criteria(measured(400, began=read_at(1))).seen  # criteria came before
    write_criteria(0.5, None, None, None, "Dr Roe")
    ReadingLog().add(["0001", "0002"], read_at(1))  # measured again: the first time counts
    acceptance = check_against_criteria(measured(400, began=read_at(1)))
    assert acceptance.outcomes[0].result == "met" and acceptance.seen == 1
    assert not acceptance.passed and "1 of these images had been read before" in acceptance.verdict()
    assert acceptance.values()["seen_before"] == 1


def test_the_log_of_readings_only_grows_and_a_damaged_one_is_told(own_home):
    ReadingLog().add(["a"], read_at(0))
    with closing(sqlite3.connect(ReadingLog().path)) as database:
        for change in ("UPDATE images SET first_read = 0", "DELETE FROM images"):
            with pytest.raises(sqlite3.IntegrityError, match="only added"):
                database.execute(change)
    ReadingLog().path.write_bytes(b"no database " * 100)
    for use in (lambda: ReadingLog().add(["a"], read_at(0)), lambda: ReadingLog().read_before(read_at(0))):
        with pytest.raises(UserError, match="site-readings.sqlite cannot be used.*backup"):
            use()


def test_withheld_images_of_one_patient_count_for_less_than_as_many_patients(own_home):
    write_criteria(None, None, None, 0.2, "Dr Roe")
    table = measured(400).readings.table
    table["withheld"] = np.where(np.arange(400) % 20 < 2, "upside down", "")  # both images of a patient
    table.loc[table["withheld"] != "", "probability"] = float("nan")
    by_patient = check_against_criteria(of_table(table, read_at(1))).outcomes[0].figure
    alone = check_against_criteria(of_table(table.assign(patient=""), read_at(1))).outcomes[0].figure
    assert by_patient.startswith("0.100 (") and alone.startswith("0.100 (") and by_patient < alone


def test_a_figure_without_an_interval_is_shown_and_proves_nothing(own_home):
    write_criteria(None, None, 0.9, None, "Dr Roe")
    table = measured(400).readings.table
    table["probability"] = table["raw"] = np.where(table["label"] == "PNEUMONIA", 0.9, 0.1)
    (outcome,) = check_against_criteria(of_table(table, read_at(1))).outcomes
    assert (outcome.figure, outcome.result) == ("1.000 (no interval)", "not shown")


def test_the_report_has_figures_criteria_card_and_signatures(own_home, narrow_bundle):
    write_criteria(0.7, 0.7, None, None, "Dr Roe")
    acceptance = check_against_criteria(measured(400, began=read_at(1), label_source="two readers"))
    pdf = acceptance_pdf(acceptance, active_model().model, None, ("Dr Roe", "Prof. Doe"))
    text = " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
    for part in (
        "criteria are met",
        "Specificity",
        "Dr Roe",
        "Prof. Doe",
        "Trained on",
        "the labels come from two readers",
        "Not a medical device",
        "Model card: trust ingredients",
        "CLAIM 2024: Partitions and sample size",
        "The criteria came before any image was read.",
    ):
        assert part in text


def test_every_item_of_the_checklist_has_an_answer_from_this_test(own_home, narrow_bundle):
    write_criteria(0.7, None, None, None, "Dr Roe")
    model, names = active_model().model, []
    for measurement in (
        measured(400, began=read_at(1), label_source="the names of the folders"),
        measured(400, began=read_at(-1), synthetic=True),
    ):
        answers = claim_items(check_against_criteria(measurement), model)
        items = {name: text for part in answers.values() for name, text in part.items()}
        names.append(list(items))
        assert len(items) == CLAIM_ITEMS and all(text.endswith(".") for text in items.values())
    assert names[0] == names[1] and "program drew" in items["Data sources"]
    assert "after some images had been read" in items["Prospective or retrospective"]
