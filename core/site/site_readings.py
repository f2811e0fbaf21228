"""Local images read by one model, each file once, as a table without names."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import pandas as pd

from core.errors import UserError
from core.images import Image, read_image, shown, without_name
from core.inference import Reader, Reading
from core.site.groups import HEADER_GROUPS, group_column, grouped
from core.site.image_properties import image_properties
from core.site.local_images import LocalImages
from core.site.reading_log import ReadingLog
from core.site.shift import deviations

BATCH = 32  # images at once


def _now() -> str:
    return datetime.now().astimezone().isoformat()


@dataclass(frozen=True, eq=False)
class SiteReadings:
    """What a model said of local images.

    Attributes:
        name: of the folder or table.
        model: name, version and digest.
        threshold: calibrated probability from which the model predicts pneumonia.
        model_warnings: what every result of the model must say.
        groups: names of the groups.
        notes: what was left out before anything was read.
        synthetic: whether a program drew the images.
        table: a row for each file: sha256 ("" if unreadable), label, patient (a digest; "" if unknown), a
            column for each group (`core.site.groups.group_column`), probability (calibrated; NaN without a
            result), raw (before calibration), error (why it cannot be read, without its name), withheld (why
            the result is), doubts (reasons of the checks, joined by "; "), warned and in_training (bool), and
            the properties of the image (`core.site.image_properties`) and its deviations from the training
            images (`core.site.shift`); NaN where unknown.
        training_images: number of images that the model was trained on; 0 if unknown.
        began: when reading began, ISO 8601 with the offset from UTC.
        threshold_rule: how the model's threshold was found; "" if unknown.
    """

    name: str
    model: str
    threshold: float
    model_warnings: tuple[str, ...]
    groups: tuple[str, ...]
    notes: tuple[str, ...]
    synthetic: bool
    table: pd.DataFrame
    training_images: int = 0
    began: str = field(default_factory=_now)
    threshold_rule: str = ""

    @property
    def threshold_from_here(self) -> bool:
        """Whether the threshold was found on images of a folder or table of this name (`find_site_point`)."""
        return f"images of {self.name}" in self.threshold_rule


def read_local_images(
    local: LocalImages, reader: Reader, progress: Callable[[int, int], None] | None = None
) -> SiteReadings:
    """Read every image as the app does, with the same checks, and record that it was read.

    Args:
        local: the images.
        reader: the model.
        progress: called with (images read, images in all).

    Raises:
        UserError: the model cannot be loaded, a column does not make groups, or nothing can be recorded.
    """
    for group in local.groups:
        grouped(local.table[group_column(group)], group)  # before minutes are spent on reading
    training = reader.reference.training_images if reader.reference else frozenset()
    began = _now()
    log = ReadingLog()
    log.add((), began)  # whether it can be written, before minutes are spent on reading
    rows: list[dict] = []
    known = local.table.to_dict("records")
    loaders = [partial(read_image, row["file"]) for row in known]
    for batch in reader.read_files(loaders, BATCH):
        rows += [
            _row(before, reading, local.groups, reader, training)
            for before, reading in zip(known[len(rows) : len(rows) + len(batch)], batch, strict=True)
        ]
        if progress:
            progress(len(rows), len(known))
    log.add((row["sha256"] for row in rows if row["sha256"]), began)
    return SiteReadings(
        local.name,
        str(reader.identity),
        reader.threshold,
        reader.model_warnings,
        local.groups,
        local.notes,
        local.synthetic,
        pd.DataFrame(rows),
        len(training),
        began,
        reader.record.threshold_rule,
    )


def _row(
    before: dict,
    reading: Reading | UserError,
    groups: tuple[str, ...],
    reader: Reader,
    training: frozenset[str],
) -> dict:
    """One row of the table."""
    row = {
        "sha256": "",
        "label": before["label"],
        "patient": before["patient"],
        **{group_column(group): before[group_column(group)] for group in groups},
        "probability": float("nan"),
        "raw": float("nan"),
        "error": "",
        "withheld": "",
        "doubts": "",
        "warned": False,
        "in_training": False,
    }
    if isinstance(reading, UserError):
        return row | {"error": without_name(str(reading), shown(before["file"]))}
    image = reading.image
    for group in groups:
        row[group_column(group)] = before[group_column(group)] or header_value(image, group)
    return row | {
        "sha256": image.sha256,
        "patient": before["patient"] or image.patient_digest,
        "probability": float("nan") if reading.withheld else reading.prediction.calibrated,
        "raw": reading.prediction.probability,
        "withheld": reading.withheld_reason,
        "doubts": "; ".join(check.reason for check in reading.checks),
        "warned": not reading.withheld and bool(reading.image_warnings()),
        "in_training": image.sha256 in training,
        **image_properties(reading),
        **deviations(reading, before["label"], reader),
    }


def header_value(image: Image, name: str) -> str:
    """What a DICOM header says under one of `HEADER_GROUPS`; "" if nothing, or under another name."""
    if name.lower() == "age":
        return f"{image.age.years:g}" if image.age else ""
    return image.facts.get(name.capitalize(), "") if name.lower() in HEADER_GROUPS else ""
