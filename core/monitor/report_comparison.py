"""Results in the audit log beside labels that came later, such as those of reports."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES, POSITIVE
from core.evaluation import Interval, patient_groups, wilson_by_patient
from core.inference import AuditLog
from core.sentence import Sentence
from core.site import LocalImages, Outcome, check_criterion, digest, written_criteria

LOGGED = """
SELECT sha256, probability, threshold FROM answers
WHERE model = :model AND sha256 IN (SELECT value FROM json_each(:digests)) ORDER BY rowid
"""
SELECTION = Sentence(
    "If only some images have such a label, such as those someone doubted, these rates hold for them alone."
)


@dataclass(frozen=True)
class Rate:
    """Share of the images of one class that the model classified as the report did.

    Attributes:
        title: `Sensitivity` or `Specificity`.
        label: class of the images.
        correct, images: their numbers.
        interval: 95%, by patient, an image of an unknown one being one of its own; None without an image.
    """

    title: str
    label: str
    correct: int
    images: int
    interval: Interval | None

    def sentence(self) -> str:
        """The rate in words."""
        if self.interval is None:
            return Sentence(
                "{title}: unknown, no image with a result is labelled {label}.",
                title=self.title,
                label=self.label,
            )
        low, high = self.interval
        share = self.correct / self.images
        return Sentence(
            "{title}: {share:.3f} ({low:.3f} to {high:.3f}), {correct:,} of {images:,}.",
            title=self.title,
            share=share,
            low=low,
            high=high,
            correct=self.correct,
            images=self.images,
        )


@dataclass(frozen=True)
class ReportComparison:
    """Labels that came later beside a model's results.

    Attributes:
        name: of the folder or table.
        model: name, version and digest.
        labels: number of labelled files.
        results: of their images, each content once, that the log has a result of.
        passed_over: number of the others by reason.
        rates: sensitivity and specificity.
        outcomes: of those of them that the last criteria ask for.
        notes: what was left out before, and of how many images the patient is unknown.
    """

    name: str
    model: str
    labels: int
    results: int
    passed_over: dict[str, int]
    rates: tuple[Rate, ...]
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...]

    def sentences(self) -> list[str]:
        """Everything in words; nothing tells a file or a patient."""
        passed_over = "; ".join(f"{count:,} ({reason})" for reason, count in self.passed_over.items())
        return [
            Sentence(
                "{name}: {results:,} of {labels:,} labels belong to a result of {model}.",
                name=self.name,
                results=self.results,
                labels=self.labels,
                model=self.model,
            ),
            *([f"Passed over: {passed_over}."] if passed_over else []),
            *(rate.sentence() for rate in self.rates if self.results),
            *(f"Criterion: {outcome.sentence()}" for outcome in self.outcomes),
            *self.notes,
            SELECTION,
        ]

    def values(self) -> dict:
        """Everything as plain values."""
        return {
            "name": self.name,
            "model": self.model,
            "labels": self.labels,
            "results": self.results,
            "passed_over": self.passed_over,
            **{
                rate.title.lower(): {
                    "correct": rate.correct,
                    "images": rate.images,
                    "interval": rate.interval,
                }
                for rate in self.rates
            },
            "outcomes": [vars(outcome) for outcome in self.outcomes],
            "notes": list(self.notes),
        }


def compare_with_reports(local: LocalImages, model: str, log: AuditLog | None = None) -> ReportComparison:
    """Compare the last result of each image with its label; images are known by the digest of their file.

    Args:
        local: images with their labels.
        model: name, version and digest, as in the log.
        log: the audit log; None for that of this computer. It is not created.

    Raises:
        UserError: log or criteria cannot be read.
    """
    table = local.table.assign(sha256=[digest(file) for file in local.table["file"]])
    readable = table[table["sha256"] != ""]
    contradictory = readable.groupby("sha256")["label"].transform("nunique") > 1
    once = readable[~contradictory].drop_duplicates("sha256")
    logged = once.merge(_logged(list(once["sha256"]), model, log or AuditLog()), on="sha256", how="left")
    known = logged["threshold"].notna()
    results = logged[known & logged["probability"].notna()]
    passed_over = {
        "file cannot be read": len(table) - len(readable),
        "labelled both ways": int(contradictory.sum()),
        "same content as another": len(readable) - int(contradictory.sum()) - len(once),
        "no result in the audit log": int((~known).sum()),
        "result withheld": int((known & logged["probability"].isna()).sum()),
    }
    rates = (_rate(results, "Sensitivity", POSITIVE), _rate(results, "Specificity", 1 - POSITIVE))
    return ReportComparison(
        local.name,
        model,
        len(table),
        len(results),
        {reason: count for reason, count in passed_over.items() if count},
        rates,
        tuple(_outcomes(rates)),
        (*local.notes, *_unknown_patients(results)),
    )


def _outcomes(rates: tuple[Rate, ...]) -> Iterator[Outcome]:
    """The rates that are known against the last criteria."""
    written = written_criteria()
    for rate in rates if written else ():
        minimum = getattr(written[-1], rate.title.lower())
        if minimum is not None and rate.images:
            yield check_criterion(rate.title, minimum, rate.correct / rate.images, rate.interval)


def _unknown_patients(results: pd.DataFrame) -> list[str]:
    """A sentence if some results are of unknown patients, as all images of a folder are."""
    if not (count := int((results["patient"] == "").sum())):
        return []
    return [
        Sentence(
            "Images of unknown patients, each of which counts as a patient: {count:,}. The intervals "
            "are too narrow if several are of one patient: give a table with a column of patients.",
            count=count,
        )
    ]


def _logged(digests: list[str], model: str, log: AuditLog) -> pd.DataFrame:
    """The last result of each image, with columns sha256, probability and threshold."""
    if not log.path.exists():
        return pd.DataFrame({"sha256": [], "probability": [], "threshold": []}).astype({"sha256": object})
    rows = log.query(LOGGED, {"model": model, "digests": json.dumps(digests)})
    return rows.drop_duplicates("sha256", keep="last").astype({"probability": float})


def _rate(results: pd.DataFrame, title: str, number: int) -> Rate:
    rows = results[results["label"] == CLASS_NAMES[number]]
    correct = ((rows["probability"] >= rows["threshold"]) == (number == POSITIVE)).to_numpy(bool)
    interval = wilson_by_patient(correct, patient_groups(rows).to_numpy(str)) if len(rows) else None
    return Rate(title, CLASS_NAMES[number], int(np.count_nonzero(correct)), len(rows), interval)
