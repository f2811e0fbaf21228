"""One shard of a batch job: decode, predict, write. Every kind of worker maps this one function."""

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core import atomic
from core.batch.job import COLUMNS, BatchJob
from core.errors import UserError
from core.images import DecoderBusy, Image, ImageError, ImageLoader, image_or_error
from core.inference import Reader, Reading

CRASHED = "Reading this file crashed the process twice. Export it again."
MAX_ATTEMPTS = 3  # to decode an image for which the computer has no time
FACTS = {"modality": "Modality", "view": "View", "age": "Age", "sex": "Sex"}


@dataclass(frozen=True)
class ShardTask:
    """A shard to process.

    Attributes:
        folder: of the batch job.
        shard: number of the shard.
        threads: threads of the predictor; 0 for one per core.
        one_by_one: process one image at a time and record which, because one of them crashed the process.
        crashing: indices in the shard of images that crashed the process on their own, too.
    """

    folder: Path
    shard: int
    threads: int = 0
    one_by_one: bool = False
    crashing: tuple[int, ...] = ()


def process_shard(task: ShardTask) -> int:
    """Write the predictions of a shard's images, unless they exist already.

    Returns:
        Number of images processed.

    Raises:
        UserError: the model or the source is gone, the disk is full, or the computer is too busy.
    """
    job = BatchJob(task.folder)
    target = job.shard_path(task.shard)
    if target.exists():
        return 0
    settings, paths = job.settings(), job.paths(task.shard)
    reader = Reader(Path(settings.model), threads=task.threads, notices=settings.notices)
    common = {"model": str(reader.identity), "threshold": reader.record.threshold}
    rows: list[dict] = []
    with closing(job.open_source()) as source:
        reads = [partial(_read_patiently, partial(source.read, path)) for path in paths]
        for readings in _readings(task, reader, reads, settings.anyway):
            batch_paths = paths[len(rows) : len(rows) + len(readings)]
            rows += [
                {"path": path, **common, **_values(reading)}
                for path, reading in zip(batch_paths, readings, strict=True)
            ]
    table = pa.Table.from_pylist(rows, COLUMNS)
    with atomic.replacing(target) as temporary:
        pq.write_table(table, temporary)
    journal_path(task).unlink(missing_ok=True)
    return len(rows)


def journal_path(task: ShardTask) -> Path:
    """Path of the file with the index of the image that is being processed on its own."""
    return BatchJob(task.folder).shard_path(task.shard).with_suffix(".now")


def _readings(
    task: ShardTask, reader: Reader, reads: list[ImageLoader], anyway: bool
) -> Iterator[list[Reading | UserError]]:
    """A reading per image, or why it is unreadable; in batches."""
    if not task.one_by_one:
        yield from reader.read_files(reads, anyway=anyway)
        return
    for index, read in enumerate(reads):
        if index in task.crashing:
            yield [ImageError(CRASHED)]
            continue
        journal_path(task).write_text(str(index))  # before the image is read
        yield reader.read_decoded([image_or_error(read)], anyway=anyway)


def _read_patiently(read: ImageLoader) -> Image:
    """Read an image; again if the computer had no time for it.

    Raises:
        DecoderBusy: it still has none.
        ImageError: the image cannot be read.
    """
    for _ in range(MAX_ATTEMPTS - 1):
        with suppress(DecoderBusy):
            return read()
    return read()


def _values(reading: Reading | UserError) -> dict:
    """The columns of a row that come from the image and the model.

    Raises:
        UserError: the computer had no time to read the image, so that its shard has to wait.
    """
    if isinstance(reading, DecoderBusy):
        raise UserError(f"{reading} The same command then does what is missing.")
    if isinstance(reading, UserError):
        return {"error": str(reading)}
    facts = {name: reading.image.facts.get(title) for name, title in FACTS.items()}
    frame = reading.output.frame
    framing = {"framing": frame.framing, "framing_reason": frame.reason or None}
    lungs = reading.output.lungs.values() if reading.output.lungs else {}
    columns = {f"lung_{name}": value for name, value in lungs.items()}
    values = {"sha256": reading.image.sha256, "warnings": reading.warnings(), **framing, **columns, **facts}
    if reading.withheld:
        return {"withheld": reading.withheld_reason, **values}
    return {**reading.score_values(), **values}
