"""Groups of images by a column of a hospital's table, and how well a model does in each."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.errors import UserError
from core.evaluation import MIN_PATIENTS, Interval, Predictions, holm, wilson_by_patient
from core.sentence import Sentence

IMAGE_GROUPS = ("age", "sex", "view", "modality")  # of DICOM headers, which an image keeps; age in years
ORIGIN_GROUPS = ("device", "station", "ward", "month")  # of the same headers, which it does not keep
HEADER_GROUPS = (*IMAGE_GROUPS, *ORIGIN_GROUPS)
MAX_GROUPS = 12  # of text
OTHER = "other"  # values that are too rare for a group of their own
QUARTERS = 4  # of numbers
UNKNOWN = "unknown"
SIGNIFICANCE_LEVEL = 0.05
ISO_DATE = r"(\d{4})-(\d{2})(?:-(\d{2}))?"  # or a month


@dataclass(frozen=True)
class Group:
    """A group of images.

    Attributes:
        column: that defines it.
        group: its value or range.
        images, patients: with a result.
        positives, negatives: images of each class.
        sensitivity, specificity: None without images of the class.
        sensitivity_interval, specificity_interval: Wilson's 95%, by patient.
        sensitivity_p, specificity_p: of the difference from the rest, after Holm; None if not tested.
    """

    column: str
    group: str
    images: int
    patients: int
    positives: int
    negatives: int
    sensitivity: float | None
    specificity: float | None
    sensitivity_interval: Interval | None
    specificity_interval: Interval | None
    sensitivity_p: float | None = None
    specificity_p: float | None = None


@dataclass(frozen=True)
class ClassMix:
    """Whether the classes differ in a column: then a model may tell them apart by it.

    Attributes:
        column: of the groups.
        p: of the difference in the share of PNEUMONIA between the groups, after Holm.
    """

    column: str
    p: float

    def sentence(self) -> str:
        """What that means; "" if nothing is shown."""
        if self.p >= SIGNIFICANCE_LEVEL:
            return ""
        return Sentence(
            "The share of PNEUMONIA differs by {column} ({p}): the classes differ in more than "
            "pneumonia, so these figures may say less about pneumonia than they seem to.",
            column=self.column,
            p=p_text(self.p),
        )


def group_column(name: str) -> str:
    """The column of our tables that holds a group's values, so that none is taken for one of our own."""
    return f"group: {name}"


def grouped(values: pd.Series, column: str) -> dict[str, np.ndarray]:
    """Masks of shape (n,) by group: a column's values, or quarters of its numbers.

    Args:
        values: text, "" where unknown.
        column: its name, for messages.

    Raises:
        UserError: there are too many values for groups.
    """
    text = values.str.strip()
    known = _known(text)
    groups = {UNKNOWN: (~known).to_numpy()} if (~known).any() else {}
    numbers = numbers_of(values)
    if numbers is not None:
        quarter = pd.qcut(numbers, QUARTERS, labels=False, duplicates="drop")
        for number in sorted(quarter.dropna().unique()):
            chosen = (quarter == number).to_numpy()
            inside = numbers[chosen]
            groups[f"{inside.min():.15g} to {inside.max():.15g}"] = chosen
        return groups
    names = sorted(text[known].unique())
    if len(names) > MAX_GROUPS:
        raise UserError(
            Sentence(
                "The column {column!r} has {count:,} different values; at most {most} make groups, "
                "or any number of numbers or dates (2026-01-31). Choose another column.",
                column=column,
                count=len(names),
                most=MAX_GROUPS,
            )
        )
    return {name: (text == name).to_numpy() for name in names} | groups


def rare_together(values: pd.Series) -> pd.Series:
    """Values of a header that make groups: where there are too many, the rarest become `OTHER`."""
    text = values.str.strip()
    counts = text[_known(text)].value_counts()
    if len(counts) <= MAX_GROUPS or numbers_of(values) is not None:
        return values
    return values.mask(_known(text) & ~text.isin(counts.index[: MAX_GROUPS - 1]), OTHER)


def numbers_of(values: pd.Series) -> pd.Series | None:
    """A column's numbers, NaN where unknown; None if it holds text, or too few numbers for quarters.

    A date, 2026-01-31, is the number that DICOM writes: 20260131; a month, 2026-01, is 202601.
    """
    text = values.str.strip()
    known = _known(text)
    plain = text.where(known).str.rstrip("Yy").str.replace(f"^{ISO_DATE}$", r"\1\2\3", regex=True)
    numbers = pd.to_numeric(plain, errors="coerce")  # DICOM writes an age as 036Y
    return numbers if known.any() and numbers[known].notna().all() and numbers.nunique() > QUARTERS else None


def _known(text: pd.Series) -> pd.Series:
    return (text != "") & (text.str.lower() != UNKNOWN)


def group_rates(predictions: Predictions, threshold: float, columns: tuple[str, ...]) -> list[Group]:
    """Sensitivity and specificity in each group of each column, tested against the rest of the images.

    Fisher's exact test of one image per patient; p values are corrected by Holm's method for all tests of
    both rates in all columns. Where a class has fewer than five patients in a group or in the rest, nothing
    is tested; of two groups only the first is, as the other test is the same.
    """
    groups = []
    for column in columns:
        masks = grouped(predictions.table[group_column(column)], column)
        masks = {name: mask for name, mask in masks.items() if mask.any()}
        tested = list(masks)[:1] if len(masks) == 2 else [name for name in masks if name != UNKNOWN]
        groups += [
            _group(predictions, threshold, column, name, mask, name in tested) for name, mask in masks.items()
        ]
    fields = ("sensitivity_p", "specificity_p")
    p_values = [getattr(group, field) for group in groups for field in fields]
    adjusted = iter(holm([p for p in p_values if p is not None]))
    return [
        replace(group, **{f: next(adjusted) for f in fields if getattr(group, f) is not None})
        for group in groups
    ]


def _group(
    predictions: Predictions, threshold: float, column: str, name: str, mask: np.ndarray, tested: bool
) -> Group:
    """A group with p values that are not corrected yet."""
    correct, patients = ~predictions.wrong_at(threshold), predictions.patients
    values: dict = {}
    for rate, of_class in (
        ("sensitivity", predictions.labels == 1),
        ("specificity", predictions.labels == 0),
    ):
        inside = mask & of_class
        values[rate] = float(correct[inside].mean()) if inside.any() else None
        values[f"{rate}_interval"] = wilson_by_patient(correct[inside], patients[inside])
        values[f"{rate}_p"] = _difference(correct, inside, ~mask & of_class, patients) if tested else None
    positives = int((mask & (predictions.labels == 1)).sum())
    images = int(mask.sum())
    return Group(
        column, name, images, len(np.unique(patients[mask])), positives, images - positives, **values
    )


def class_mixes(predictions: Predictions, columns: tuple[str, ...]) -> list[ClassMix]:
    """Whether the share of PNEUMONIA differs between the groups of each column.

    Chi-squared test of one image per patient; p values are corrected by Holm's method for the columns.
    """
    from scipy.stats import chi2_contingency

    first = first_of_each_patient(predictions.patients)
    p_values = {}
    for column in columns:
        masks = [mask & first for mask in grouped(predictions.table[group_column(column)], column).values()]
        counts = np.array(
            [[(mask & (predictions.labels == label)).sum() for label in (0, 1)] for mask in masks]
        )
        counts = counts[counts.sum(axis=1) >= MIN_PATIENTS]
        if len(counts) > 1 and counts.sum(axis=0).all():
            result: Any = chi2_contingency(counts)  # a tuple to the type checker
            p_values[column] = float(result.pvalue)
    return [ClassMix(*pair) for pair in zip(p_values, holm(list(p_values.values())), strict=True)]


def p_text(p: float) -> str:
    """A p value for people."""
    return f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"


def _difference(
    correct: np.ndarray, inside: np.ndarray, outside: np.ndarray, patients: np.ndarray
) -> float | None:
    """P value of a difference between a group and the rest; None with too few patients."""
    from scipy.stats import fisher_exact

    counts = []
    for mask in (inside, outside):
        chosen = correct[mask][first_of_each_patient(patients[mask])]
        if len(chosen) < MIN_PATIENTS:
            return None
        counts.append([int(chosen.sum()), int((~chosen).sum())])
    result: Any = fisher_exact(counts)  # a tuple to the type checker
    return float(result.pvalue)


def first_of_each_patient(patients: np.ndarray) -> np.ndarray:
    """Mask of one image per patient, bool (n,)."""
    return ~pd.Series(patients).duplicated().to_numpy()
