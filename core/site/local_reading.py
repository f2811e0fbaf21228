"""Reading local images with models: a file is decoded once for all of them that have not read it before."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import pandas as pd

from core.config import CLASS_NAMES
from core.errors import UserError
from core.images import ages_warning, read_header, read_image, shown, without_name
from core.inference import Reader, Reading, image_numbers, read_jointly, shown_zones
from core.site.groups import group_column, grouped, rare_together
from core.site.header_groups import header_of, header_values
from core.site.image_properties import image_properties
from core.site.labelling import digest
from core.site.local_images import LocalImages
from core.site.measured_set import watched_column
from core.site.reading_cache import ReadingCache, reading_basis
from core.site.reading_log import ReadingLog
from core.site.shift import deviations
from core.site.site_readings import SiteReadings, now
from core.site.table_patients import AGE
from core.site.training_overlap import TrainedOn


class _KnownReadings:
    """What one model has said of files so far.

    Attributes:
        reader: the model.
        entries: what is kept of it (`_entry`), by row; None for a file that it has not read.
        used: how many of them it had read before.
    """

    def __init__(self, reader: Reader, digests: Sequence[str]) -> None:
        self.reader = reader
        self._cache = ReadingCache(reading_basis(reader))
        self.entries = self._cache.get(digests)
        self.used = 0

    def forget(self, rows: Iterable[int]) -> None:
        """Read files again."""
        for row in rows:
            self.entries[row] = None

    def add(self, readings: dict[int, Reading]) -> None:
        """Keep new readings, by row."""
        entries = {row: _entry(reading, self.reader) for row, reading in readings.items()}
        for row, entry in entries.items():
            self.entries[row] = entry
        self._cache.add(list(entries.values()))

    def sentences(self) -> list[str]:
        """What had been read before, and what is wrong with that, one sentence each."""
        return self._cache.sentences(self.used, len(self.entries))


def read_local_images(
    local: LocalImages, readers: Sequence[Reader], progress: Callable[[int, int], None] | None = None
) -> list[SiteReadings]:
    """Read every image as the app does, with the same checks, and record that it was read.

    What the same model said of an image before is kept (`ReadingCache`) and not computed again.

    Args:
        local: the images.
        readers: the models, which are in memory together.
        progress: called with (images read, images in all).

    Returns:
        What each model said, in order.

    Raises:
        UserError: a model cannot be loaded, a column does not make groups, or nothing can be recorded.
    """
    for group in local.groups:
        grouped(local.table[group_column(group)], group)  # before minutes are spent on reading
    began = now()
    files = local.table["file"].to_list()
    digests = list(map(digest, files))
    models = [_KnownReadings(reader, digests) for reader in readers]
    headers = _headers_of_kept(files, models, local.groups)
    log = ReadingLog()
    log.add((entry["sha256"] for model in models for entry in model.entries if entry), began)
    for model in models:
        model.used = sum(entry is not None for entry in model.entries)
    done = sum(model.used for model in models)
    if progress and done:
        progress(done // len(models), len(files))
    errors: dict[int, str] = {}
    for lacking, readings in _read_missing(files, models):
        for row, reading in readings[0].items():
            if isinstance(reading, UserError):
                errors[row] = without_name(str(reading), shown(files[row]))
            else:
                headers[row] = header_of(files[row], reading.image, local.groups)
        for model, by_row in zip(lacking, readings, strict=True):
            read = {row: reading for row, reading in by_row.items() if isinstance(reading, Reading)}
            log.add((reading.image.sha256 for reading in read.values()), began)  # even if never finished
            model.add(read)
            done += len(by_row)
        if progress:
            progress(done // len(models), len(files))
    return [_site_readings(local, model, headers, errors, began) for model in models]


def _headers_of_kept(
    files: list[str], models: list[_KnownReadings], groups: tuple[str, ...]
) -> dict[int, dict[str, str]]:
    """What headers say of images that a model has read, by row; a file that has gone is to be read again."""
    headers, gone = {}, []
    for row, file in enumerate(files):
        if any(entry and entry["header"] for model in models if (entry := model.entries[row])):
            try:
                headers[row] = header_values(read_header(file), groups)
            except UserError:  # which reading the file will tell
                gone.append(row)
    for model in models:
        model.forget(gone)
    return headers


def _read_missing(
    files: list[str], models: list[_KnownReadings]
) -> Iterator[tuple[list[_KnownReadings], list[dict[int, Reading | UserError]]]]:
    """Read files with the models that have not read them, a batch at a time.

    Yields:
        The models that read a batch; and for each of them what became of its files, by row.
    """
    rows_of: dict[tuple[int, ...], list[int]] = {}
    for row in range(len(files)):
        lacking = tuple(number for number, model in enumerate(models) if model.entries[row] is None)
        rows_of.setdefault(lacking, []).append(row)
    rows_of.pop((), None)
    for numbers, rows in rows_of.items():
        lacking, done = [models[number] for number in numbers], 0
        loaders = [partial(read_image, files[row]) for row in rows]
        for by_model in read_jointly([model.reader for model in lacking], loaders):
            batch = rows[done : done + len(by_model[0])]
            yield lacking, [dict(zip(batch, readings, strict=True)) for readings in by_model]
            done += len(batch)


def _site_readings(
    local: LocalImages,
    model: _KnownReadings,
    headers: dict[int, dict[str, str]],
    errors: dict[int, str],
    began: str,
) -> SiteReadings:
    """What one model said of all images."""
    reader, known = model.reader, local.table.to_dict("records")
    trained_on = TrainedOn.of(reader)
    rows = [
        _row(before, headers.get(row, {}), entry, "" if entry else errors.get(row, ""), trained_on)
        for row, (before, entry) in enumerate(zip(known, model.entries, strict=True))
    ]
    table = pd.DataFrame(rows)
    for group in map(group_column, local.groups):
        table[group] = rare_together(table[group])
    return SiteReadings(
        local.name,
        str(reader.identity),
        reader.threshold,
        reader.model_warnings,
        local.groups,
        (*local.notes, *trained_on.unknown, *model.sentences()),
        local.synthetic,
        table,
        reader.reference.compared_images if reader.reference else 0,
        began,
        reader.record.threshold_rule,
        reader.record.temperature_rule,
        ages_warning(local.table[AGE].to_list(), reader.record.data),
        local.label_source,
        local.by_readers,
        shown_zones(reader.record),
        (reader.record.zones or {}).get("rule", ""),
    )


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
        "watched": {watched_column(name): value for name, value in image_numbers(reading).items()},
        "deviations": {label: deviations(reading, label, reader) for label in CLASS_NAMES},
    }


def _row(before: dict, header: dict[str, str], entry: dict | None, error: str, trained_on: TrainedOn) -> dict:
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
        **trained_on.columns(entry["sha256"] if entry else "", header.get("patient", "")),
    }
    if entry is None:
        return row
    return row | {
        **{name: entry[name] for name in ("sha256", "probability", "raw", "withheld", "doubts", "warned")},
        **entry["properties"],
        **entry["watched"],
        **entry["deviations"][before["label"]],
    }
