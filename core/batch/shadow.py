"""Shadow models on a batch: they read its images once every answer is written."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from core.batch.job import BatchJob
from core.batch.source import Source
from core.errors import UserError
from core.evaluation import calibrated
from core.images import Image, decode_ahead, network_pixels
from core.registry import Shadow, shadows
from core.shadow import ShadowProcess, ShadowStore, ShadowTask, count_missed, needs_full_images
from core.weights import read_record

COLUMNS = ["path", "sha256", "model", "label", "calibrated", "raw_probability"]
BATCH = 16  # images decoded ahead
CHANGED = "The image of a batch could not be read again, or has changed."


def read_batch_in_shadow(job: BatchJob) -> Iterator[int]:
    """Let the shadow models read the images that have an answer, unless they have before.

    A batch waits for nobody, so there is no queue that could be full; but its images are decoded again.

    Yields:
        How many images are done, after each one.

    Raises:
        UserError: the source is gone, or the shadows' answers cannot be read.
    """
    models, done = shadows(), 0
    if not models:
        return
    full, temperature = needs_full_images(models), read_record(Path(job.settings().model)).temperature
    with closing(job.open_source()) as source, ShadowProcess() as process:
        for path in sorted((job.path / "shards").glob("*.parquet")):
            for row, image in _images(_unread(path, models), source):
                if isinstance(image, Image) and image.sha256 == row["sha256"]:
                    pixels = image.pixels if full else network_pixels(image)
                    answer = row["model"], row["label"], _calibrated(row, temperature)
                    process.read(ShadowTask(row["sha256"], *answer, full, pixels))
                else:
                    count_missed(CHANGED)
                done += 1
                yield done


def _calibrated(row: dict[str, Any], temperature: float) -> float:
    """The calibrated probability of a row, also where it means nothing: shadows are compared, not shown."""
    raw = row["raw_probability"]
    return row["calibrated"] if raw is None else float(calibrated(raw, temperature))


def _unread(shard: Path, models: list[Shadow]) -> list[dict[str, Any]]:
    """The rows of a shard with an answer that a shadow has not read yet."""
    store, identities = ShadowStore(), [str(shadow.identity) for shadow in models]
    rows = pq.read_table(shard, columns=COLUMNS).to_pylist()
    return [
        row
        for row in rows
        if row["label"]
        and not all(store.is_known(row["sha256"], row["model"], identity) for identity in identities)
    ]


def _images(rows: list[dict[str, Any]], source: Source) -> Iterator[tuple[dict[str, Any], Image | UserError]]:
    """Each row with its image, decoded again."""
    loaders = [partial(source.read, row["path"]) for row in rows]
    return zip(rows, chain.from_iterable(decode_ahead(loaders, BATCH)), strict=True)
