"""Criteria that are written down, and measurements held against them."""

import io
from datetime import datetime, timedelta

import pytest
from pypdf import PdfReader
from site_measurements import measured

from core import config
from core.errors import UserError
from core.registry import active_model
from core.site import acceptance_pdf, hold_against_criteria, write_criteria, written_criteria


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
        hold_against_criteria(measured(400, began=read_at(1)))
    measurement = measured(400, began=read_at(1))
    low, high = measurement.metrics["intervals"]["sensitivity"]
    results = {}
    for name, criterion in {"met": low - 0.01, "not shown": (low + high) / 2, "missed": high + 0.01}.items():
        write_criteria(criterion, None, None, 0.5, "Dr Roe")
        acceptance = hold_against_criteria(measurement)
        results[name] = acceptance.outcomes[0].result
        assert acceptance.passed == (name == "met")
        assert acceptance.outcomes[1].result == "met"  # nothing is withheld
    assert results == {name: name for name in results}


def test_criteria_written_afterwards_and_drawn_images_prove_nothing(own_home):
    write_criteria(0.5, None, None, None, "Dr Roe")
    for acceptance, reason in (
        (hold_against_criteria(measured(400, began=read_at(-1))), "after these images had been read"),
        (hold_against_criteria(measured(400, began=read_at(1), synthetic=True)), "SYNTHETIC"),
    ):
        assert acceptance.outcomes[0].result == "met"
        assert not acceptance.passed and reason in acceptance.verdict()


def test_the_report_has_figures_criteria_card_and_signatures(own_home, narrow_bundle):
    write_criteria(0.7, 0.7, None, None, "Dr Roe")
    acceptance = hold_against_criteria(measured(400, began=read_at(1)))
    pdf = acceptance_pdf(acceptance, active_model().model, None, ("Dr Roe", "Prof. Doe"))
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    for part in (
        "criteria are met",
        "Specificity",
        "Dr Roe",
        "Prof. Doe",
        "Trained on",
        "Not a medical device",
    ):
        assert part in text
