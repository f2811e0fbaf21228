"""Local images read by one model, none that it has read before, as a table without names."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import pandas as pd

from core.config import CLASS_NAMES
from core.errors import UserError
from core.images import DicomHeader, Image, ages_warning, read_header, read_image, shown, without_name
from core.inference import Reader, Reading
from core.site.groups import HEADER_GROUPS, group_column, grouped
from core.site.image_properties import image_properties
from core.site.labelling import digest
from core.site.local_images import LocalImages
from core.site.reading_cache import ReadingCache, reading_basis
from core.site.reading_log import ReadingLog
from core.site.shift import deviations
from core.site.table_patients import AGE

RULE_ENDINGS = r"$| \(Youden's J\)$|, if a false negative costs "  # of `core.evaluation.find_point`


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
        notes: what was left out before anything was read, and what had been read before.
        synthetic: whether a program drew the images.
        table: a row for each file: sha256 ("" if unreadable), label, patient (a digest; "" if unknown), a
            column for each group (`core.site.groups.group_column`), probability (calibrated; NaN without a
            result), raw (before calibration), error (why it cannot be read, without its name), withheld (why
            the result is), doubts (reasons of the checks, joined by "; "), warned and in_training (bool), and
            the properties of the image (`core.site.image_properties`) and its deviations from the training
            images (`core.site.shift`); NaN where unknown.
        training_images: number of training images that the local ones are compared with; 0 if unknown.
        began: when reading began, ISO 8601 with the offset from UTC.
        threshold_rule: how the model's threshold was found; "" if unknown.
        age_warning: why the table's ages speak against the results, in a sentence; "" if they do not.
        temperature_rule: what its probabilities were calibrated on for a hospital; "" if they were not.
        label_source: who or what labelled the images, in words; "" if unknown.
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
    temperature_rule: str = ""
    age_warning: str = ""
    label_source: str = ""

    @property
    def threshold_from_here(self) -> bool:
        """Whether the threshold was found on images of a folder or table of this name (`find_site_point`)."""
        return _names(self.threshold_rule, self.name)

    @property
    def temperature_from_here(self) -> bool:
        """Whether the probabilities were calibrated on such images (`find_site_temperature`)."""
        return _names(self.temperature_rule, self.name)


def _names(rule: str, site: str) -> bool:
    """Whether a rule in words says that it was found on images of a site.

    >>> _names("sensitivity of at least 95% on 400 images of ward2", "ward")
    False
    """
    return re.search(rf" images of {re.escape(site)}({RULE_ENDINGS})", rule) is not None


def read_local_images(
    local: LocalImages, reader: Reader, progress: Callable[[int, int], None] | None = None
) -> SiteReadings:
    """Read every image as the app does, with the same checks, and record that it was read.

    What the same model said of an image before is kept (`ReadingCache`) and not computed again.

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
    known = local.table.to_dict("records")
    cache = ReadingCache(reading_basis(reader))
    entries = cache.get([digest(row["file"]) for row in known])
    headers = _headers_of_kept([row["file"] for row in known], entries, local.groups)
    log = ReadingLog()
    log.add((entry["sha256"] for entry in entries if entry), began)
    errors: dict[int, str] = {}
    used = done = sum(entry is not None for entry in entries)
    if progress and used:
        progress(done, len(known))
    for batch in _read_missing([row["file"] for row in known], entries, reader):
        for row, reading in batch.items():
            if isinstance(reading, UserError):
                errors[row] = without_name(str(reading), shown(known[row]["file"]))
            else:
                entries[row] = _entry(reading, reader)
                headers[row] = _header(reading.image, local.groups)
        read = [entry for row in batch if (entry := entries[row])]
        log.add((entry["sha256"] for entry in read), began)  # also of a measurement that is never finished
        cache.add(read)
        done += len(batch)
        if progress:
            progress(done, len(known))
    rows = [
        _row(before, headers.get(row, {}), entry, errors.get(row, ""), training)
        for row, (before, entry) in enumerate(zip(known, entries, strict=True))
    ]
    return SiteReadings(
        local.name,
        str(reader.identity),
        reader.threshold,
        reader.model_warnings,
        local.groups,
        (*local.notes, *_unknown_training(reader), *cache.sentences(used, len(known))),
        local.synthetic,
        pd.DataFrame(rows),
        reader.reference.compared_images if reader.reference else 0,
        began,
        reader.record.threshold_rule,
        reader.record.temperature_rule,
        ages_warning(local.table[AGE].to_list(), reader.record.data),
        local.label_source,
    )


def _unknown_training(reader: Reader) -> list[str]:
    """A sentence if the reference, being of an earlier version, knows some of the training images only."""
    known, trained = reader.reference.known_images if reader.reference else 0, reader.record.training_images
    if not 0 < known < trained:
        return []
    return [
        f"The model was trained on {trained:,} images, of which {known:,} are known here: a local image "
        "among the others counts. python -m core reference RUN makes all known."
    ]


def _headers_of_kept(
    files: list[str], entries: list[dict | None], groups: tuple[str, ...]
) -> dict[int, dict[str, str]]:
    """What headers say of the images that have entries, by row; a file that has gone loses its entry."""
    headers = {}
    for row, entry in enumerate(entries):
        if entry and entry["header"]:
            try:
                headers[row] = _header(read_header(files[row]), groups)
            except UserError:  # which reading the file will tell
                entries[row] = None
    return headers


def _read_missing(
    files: list[str], entries: list[dict | None], reader: Reader
) -> Iterator[dict[int, Reading | UserError]]:
    """Read the files without an entry; what became of them, by row, a batch at a time."""
    missing = [row for row, entry in enumerate(entries) if entry is None]
    done = 0
    for batch in reader.read_files([partial(read_image, files[row]) for row in missing]):
        yield dict(zip(missing[done : done + len(batch)], batch, strict=True))
        done += len(batch)


def _entry(reading: Reading, reader: Reader) -> dict:
    """What a model says of an image, whatever its label, as plain values."""
    return {
        "sha256": reading.image.sha256,
        "probability": float("nan") if reading.withheld else reading.prediction.calibrated,
        "raw": reading.prediction.probability,
        "withheld": reading.withheld_reason,
        "doubts": "; ".join(check.reason for check in reading.checks),
        "warned": not reading.withheld and bool(reading.image_warnings()),
        "header": bool(reading.image.facts or reading.image.patient_digest),
        "properties": image_properties(reading),
        "deviations": {label: deviations(reading, label, reader) for label in CLASS_NAMES},
    }


def _header(image: Image | DicomHeader, groups: tuple[str, ...]) -> dict[str, str]:
    """What the header says, by column of our tables; "" where it says nothing."""
    return {"patient": image.patient_digest} | {
        group_column(group): header_value(image, group) for group in groups
    }


def _row(
    before: dict, header: dict[str, str], entry: dict | None, error: str, training: frozenset[str]
) -> dict:
    """One row of the table: the header's values where there were none before."""
    row = {
        "sha256": "",
        **{
            name: value or header.get(name, "") for name, value in before.items() if name not in ("file", AGE)
        },
        "probability": float("nan"),
        "raw": float("nan"),
        "error": error,
        "withheld": "",
        "doubts": "",
        "warned": False,
        "in_training": False,
    }
    if entry is None:
        return row
    return row | {
        **{name: entry[name] for name in ("sha256", "probability", "raw", "withheld", "doubts", "warned")},
        "in_training": entry["sha256"] in training,
        **entry["properties"],
        **entry["deviations"][before["label"]],
    }


def header_value(image: Image | DicomHeader, name: str) -> str:
    """What a DICOM header says under one of `HEADER_GROUPS`; "" if nothing, or under another name."""
    if name.lower() == "age":
        return f"{image.age.years:g}" if image.age else ""
    return image.facts.get(name.capitalize(), "") if name.lower() in HEADER_GROUPS else ""
