"""Checks that list single images: unreadable, copied, coloured, marked, of unusual size, mislabelled."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from core.dataset import issues
from core.dataset.dataset import Dataset
from core.dataset.duplicates import identical_groups, near_identical_groups
from core.dataset.findings import MAX_EXAMPLES, Finding, example_paths, share_by_class
from core.dataset.label_errors import label_error_scores, suspicious_labels
from core.dataset.patients import patients_in_training_and_test
from core.dataset.problems import is_passed_over
from core.sentence import Sentence

MAX_SUSPICIOUS = 20
BARE_NUMBER = re.compile(r"(?:bacteria|virus)-(\d+)")


def unreadable_files(dataset: Dataset) -> Iterator[Finding]:
    """Files that cannot be decoded, and files that are not read as images of the data set."""
    problems = [problem for problem in dataset.problems if problem.path]
    paths = [problem.path for problem in problems if not is_passed_over(problem)]
    yield Finding(
        "unreadable",
        Sentence("Unreadable files"),
        len(paths),
        paths[:MAX_EXAMPLES],
        Sentence("They are skipped everywhere, so the data set is smaller than its folder."),
        Sentence("Copy or export them again."),
    )
    others = [f"{problem.path}: {problem.message}" for problem in problems if is_passed_over(problem)]
    yield Finding(
        "passed_over",
        Sentence("Files and folders passed over"),
        len(others),
        others[:MAX_EXAMPLES],
        Sentence("They are in no folder of a class, or are not images."),
        Sentence("Move images to a folder of a split and a class."),
    )


def identical_images(dataset: Dataset) -> Iterator[Finding]:
    """Byte-identical files: in total, across splits, and across classes."""
    table = dataset.table
    groups = identical_groups(table)
    by_split = {
        str(split): sum(split in set(table["split"].iloc[rows]) for rows in groups)
        for split in table["split"].unique()
    }
    yield Finding(
        "byte_identical_groups",
        Sentence("Groups of byte-identical images"),
        len(groups),
        _group_paths(table, groups),
        Sentence(
            "A copy in training counts its image twice; a copy in validation makes the metrics look too good."
        ),
        Sentence("Leave copies out of training."),
        {"images": sum(map(len, groups)), "by_split": by_split},
        issue="byte-identical",
        exclusion="without_copies",
    )
    yield _identical_across(
        "split",
        "identical_across_splits",
        Sentence("Identical images in different splits"),
        Sentence("The model is tested on images that it was trained on."),
        table,
        groups,
    )
    yield _identical_across(
        "label",
        "identical_across_classes",
        Sentence("Identical images in different classes"),
        Sentence("At least one of the labels is wrong."),
        table,
        groups,
    )


def _identical_across(
    column: str, name: str, title: str, why: str, table: pd.DataFrame, groups: list[np.ndarray]
) -> Finding:
    across = [rows for rows in groups if table[column].iloc[rows].nunique() > 1]
    return Finding(
        name,
        title,
        len(across),
        _group_paths(table, across),
        why,
        Sentence("Remove one of each pair from the folder."),
    )


def nearly_identical_images(dataset: Dataset) -> Iterator[Finding]:
    """Different files that show the same X-ray."""
    groups = near_identical_groups(dataset.table, dataset.pixels)
    across = [rows for rows in groups if dataset.table["split"].iloc[rows].nunique() > 1]
    yield Finding(
        "near_identical_groups",
        Sentence("Groups of nearly identical images"),
        len(groups),
        _group_paths(dataset.table, groups),
        Sentence("Another export of the same X-ray is as bad as a copy."),
        Sentence("Review them, and remove those that show the same X-ray."),
        {"across_splits": len(across)},
        issue="nearly identical",
    )


def patients_across_splits(dataset: Dataset) -> Iterator[Finding]:
    """Patients who are both in training and in test."""
    table = dataset.table
    known = table[table["patient"] != ""]
    roles = known["split"].where(known["split"] == "test", "train")  # val joins training
    patients = patients_in_training_and_test(table)
    numbers = known["patient"].str.extract(BARE_NUMBER, expand=False)
    bare = {role: set(numbers[roles == role].dropna()) for role in ("train", "test")}
    yield Finding(
        "patients_in_several_splits",
        Sentence("Patients with images in training and in test"),
        len(patients),
        patients[:MAX_EXAMPLES],
        Sentence("The model may recognise the patient rather than the disease."),
        Sentence(
            "Leave these patients out of training and validation. (Validation is always held out by patient.)"
        ),
        {
            "unknown_patients": int((table["patient"] == "").sum()),
            "bare_numbers_in_test": len(bare["test"]),
            "bare_numbers_in_test_and_train": len(bare["test"] & bare["train"]),
        },
        issue="patient in training and test",
        exclusion="without_test_patients",
    )


def coloured_images(dataset: Dataset) -> Iterator[Finding]:
    """Images with colour."""
    rows = issues.coloured(dataset)
    yield Finding(
        "coloured",
        Sentence("Images with colour"),
        len(rows),
        example_paths(dataset, rows),
        Sentence("X-rays are greyscale; colour suggests a photograph, a screenshot or annotations."),
        Sentence("Review them, and export the originals."),
        issue="colour",
    )


def marked_images(dataset: Dataset) -> Iterator[Finding]:
    """Images with a marker at the border."""
    rows = issues.marked(dataset)
    yield Finding(
        "marks_at_the_border",
        Sentence("Images with a bright marker at the border"),
        len(rows),
        example_paths(dataset, rows),
        Sentence("A model can learn the letters that a hospital prints on its images instead of the lungs."),
        Sentence("Compare the shares by class; if they differ, check the corners of the heat maps."),
        {"share_by_class": share_by_class(dataset, rows)},
        issue="marker at the border",
    )


def unusual_sizes(dataset: Dataset) -> Iterator[Finding]:
    """Images that are very small or strongly elongated."""
    table = dataset.table
    rows = issues.unusual_size(dataset)
    yield Finding(
        "unusual_sizes",
        Sentence("Images of unusual size"),
        len(rows),
        example_paths(dataset, rows),
        Sentence(
            "Small images are enlarged and blurred, elongated ones are squeezed, and the model sees the "
            "result."
        ),
        Sentence("Check whether they are chest X-rays at all."),
        {"width": _range(table["width"]), "height": _range(table["height"])},
        issue="unusual size",
    )


def mislabelled_images(dataset: Dataset) -> Iterator[Finding]:
    """Images whose label a linear probe would not have given."""
    scores = label_error_scores(dataset)
    rows = suspicious_labels(dataset, scores)
    table = dataset.table.iloc[rows]
    yield Finding(
        "suspicious_labels",
        Sentence("Images that may be mislabelled"),
        len(rows),
        list(table["path"].iloc[:MAX_SUSPICIOUS]),
        Sentence(
            "A linear probe on a network's features, cross-validated by patient, predicts the other label. "
            "The most suspicious come first. Usually the probe is wrong, not the label."
        ),
        Sentence(
            "Review their labels: open an image, or use `labels review`. Reviewed ones are not listed again."
        ),
        {
            "images_scored": Sentence("none; no finished run on this data set has stored its features")
            if scores is None
            else int(np.isfinite(scores).sum()),
            "by_label": table["label"].value_counts().to_dict(),
        },
        issue="possibly mislabelled",
    )


def _group_paths(table: pd.DataFrame, groups: list[np.ndarray]) -> list[list[str]]:
    return [list(table["path"].iloc[rows]) for rows in groups[:MAX_EXAMPLES]]


def _range(values: pd.Series) -> str:
    return Sentence(
        "{low:g} to {high:g}, median {median:.0f}",
        low=values.min(),
        high=values.max(),
        median=values.median(),
    )
