"""The acceptance report: what was tested on whom, against what, by which program; with card and checklist."""

import tempfile
from datetime import datetime
from pathlib import Path

import pandas as pd

import core
from core.evaluation import Zones
from core.inference import NOTICE, AvailableModel
from core.reports import Section, write_pdf
from core.self_test import SelfTest
from core.site.acceptance import Acceptance
from core.site.applied_model_card import applied_model_card
from core.site.claim import claim_items
from core.site.measurement import SiteMeasurement, metric_texts

LINE = "_" * 40


def acceptance_pdf(
    acceptance: Acceptance, model: AvailableModel, self_test: SelfTest | None, signers: tuple[str, ...]
) -> bytes:
    """The report as a PDF, with a line for each signature.

    Args:
        acceptance: of this model.
        model: that was measured.
        self_test: the last one on this computer.
        signers: names below the lines; empty leaves one line without a name.
    """
    measurement = acceptance.measurement
    sections = [
        Section("Result", [acceptance.verdict(), _facts(acceptance, self_test)]),
        Section("Criteria", [acceptance.criteria.sentence(), _outcomes(acceptance)]),
        Section("Images", [_counts(measurement), *measurement.readings.notes]),
        Section("Figures", [*_figures(measurement), *_groups(measurement)]),
        Section("What may mislead", [*_cautions(measurement), *measurement.weak_slices.sentences()]),
        *applied_model_card(measurement, model),
        *_claim(acceptance, model),
        Section("Signatures", [_signature(name) for name in signers or ("",)] + [NOTICE], together=True),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "acceptance.pdf"
        write_pdf(path, "Acceptance report", sections)
        return path.read_bytes()


def _facts(acceptance: Acceptance, self_test: SelfTest | None) -> pd.DataFrame:
    readings = acceptance.measurement.readings
    tested = "none on this computer"
    if self_test:
        outcome = "no check failed" if self_test.passed else f"FAILED, {len(self_test.failed)} checks"
        tested = f"{outcome}, {self_test.moment}, SHA-256 {self_test.sha256}"
    facts = {
        "Accepted by the criteria": "yes" if acceptance.passed else "no",
        "Model": readings.model,
        "Decision threshold": f"{readings.threshold:.1%} after calibration",
        **({"Zones": _zones(readings.zones, readings.zones_rule)} if readings.zones else {}),
        "Images": readings.name,
        "Read": f"{datetime.fromisoformat(readings.began):%Y-%m-%d %H:%M %z}",
        "Program": f"Pneumonia studio {core.__version__}",
        "Self-test": tested,
    }
    return pd.DataFrame({"Value": list(facts.values())}, index=list(facts))


def _zones(zones: Zones, rule: str) -> str:
    return f"undecided from {zones.low:.1%} to {zones.high:.1%} after calibration, found {rule}"


def _outcomes(acceptance: Acceptance) -> pd.DataFrame:
    rows = [(item.required, item.figure, item.result) for item in acceptance.outcomes]
    titles = [item.title for item in acceptance.outcomes]
    return pd.DataFrame(rows, columns=["Criterion", "Measured (95% interval)", "Result"], index=titles)


def _counts(measurement: SiteMeasurement) -> pd.DataFrame:
    counts = measurement.counts.titled()
    return pd.DataFrame({"Number": [f"{count:,}" for count in counts.values()]}, index=list(counts))


def _figures(measurement: SiteMeasurement) -> list[str | pd.DataFrame]:
    if measurement.metrics is None:
        return []
    texts = metric_texts(measurement.metrics)
    parts: list[str | pd.DataFrame] = [pd.DataFrame({"Value": list(texts.values())}, index=list(texts))]
    lines = [measurement.calibration.sentence()] if measurement.calibration else []
    return [*parts, *lines, *measurement.zone_sentences()]


def _groups(measurement: SiteMeasurement) -> list[pd.DataFrame]:
    if not measurement.groups:
        return []
    rows = [
        (group.images, group.patients, _rate(group.sensitivity), _rate(group.specificity))
        for group in measurement.groups
    ]
    names = [f"{group.column} {group.group}" for group in measurement.groups]
    return [pd.DataFrame(rows, columns=["Images", "Patients", "Sensitivity", "Specificity"], index=names)]


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _cautions(measurement: SiteMeasurement) -> list[str]:
    return [*measurement.cautions(), *measurement.readings.model_warnings]


def _claim(acceptance: Acceptance, model: AvailableModel) -> list[Section]:
    """The checklist, part by part."""
    return [
        Section(
            f"CLAIM 2024: {part}", [pd.DataFrame({"Where it is answered": list(items.values())}, list(items))]
        )
        for part, items in claim_items(acceptance, model).items()
    ]


def _signature(name: str) -> str:
    return f"Name: {name or LINE}    Date and signature: {LINE}"
