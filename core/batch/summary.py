"""Summary of a batch job: counts, probabilities and reasons, as JSON and as an HTML page with thumbnails."""

from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.compute

from core import atomic
from core.batch.job import BatchJob
from core.batch.results import FILTERS
from core.batch.source import Source
from core.config import CLASS_NAMES, POSITIVE, old_names
from core.errors import UserError
from core.images import PassedOver, jpeg_data_url, shown, without_name
from core.inference import NOTICE

pc: Any = pyarrow.compute  # most of its functions are generated on import, which no type checker sees

BINS = 20  # of the histogram, from 0 to 1
MAX_THUMBNAILS = 12  # in each section of the page
THUMBNAIL_SIDE = 320  # pixels; shown at half size


@dataclass
class Summary:
    """Counts of the images processed so far.

    Attributes:
        images: number of images in the job.
        processed: how many of them have a result.
        positives, negatives: predictions by label.
        withheld: images without a prediction, by reason.
        errors: unreadable images, by reason.
        warned: predictions with a warning.
        unscored: predictions without a percentage: it would mean nothing.
        passed_over: the files of the source that are not images.
        histogram: predictions by calibrated probability, in 20 equal bins from 0 to 1.
    """

    images: int
    processed: int = 0
    positives: int = 0
    negatives: int = 0
    warned: int = 0
    unscored: int = 0
    withheld: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    passed_over: PassedOver = field(default_factory=PassedOver)
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)

    def to_json(self) -> dict:
        """The counts as plain values, also under the keys of earlier versions."""
        return old_names.with_both(asdict(self), old_names.BATCH_SUMMARY)


def summarise(job: BatchJob) -> Summary:
    """Count the results, one record batch at a time."""
    summary = Summary(job.image_count(), passed_over=job.passed_over())
    columns = ["path", "label", "calibrated", "warnings", "withheld", "error"]
    for batch in job.predictions().to_batches(columns=columns):
        summary.processed += batch.num_rows
        labels = batch.column("label")
        counts = _counts(labels)
        positives = counts.get(CLASS_NAMES[POSITIVE], 0)
        summary.positives += positives
        summary.negatives += sum(counts.values()) - positives
        has_warnings = pc.greater(pc.list_value_length(batch.column("warnings")), 0)
        summary.warned += pc.sum(pc.and_(pc.is_valid(labels), has_warnings)).as_py() or 0
        _add(summary.withheld, _counts(batch.column("withheld")))
        _add(summary.errors, _counts(_reasons(batch)))
        scores = batch.column("calibrated")
        summary.unscored += pc.sum(pc.and_(pc.is_valid(labels), pc.is_null(scores))).as_py() or 0
        probabilities = scores.drop_null().to_numpy(zero_copy_only=False)
        bins = np.histogram(probabilities, BINS, (0, 1))[0]
        summary.histogram = [int(old + new) for old, new in zip(summary.histogram, bins, strict=True)]
    return summary


def write_summary(job: BatchJob) -> Summary:
    """Write `summary.json` and `summary.html` beside the predictions."""
    summary = summarise(job)
    atomic.write_json(job.path / "summary.json", summary.to_json())
    atomic.write_text(job.path / "summary.html", _page(job, summary))
    return summary


def _reasons(batch: pa.RecordBatch) -> pa.Array:
    """Error messages with "The file" instead of its name, so that equal ones are counted together."""
    rows = zip(batch.column("path").to_pylist(), batch.column("error").to_pylist(), strict=True)
    return pa.array(
        [error and without_name(error, path) for path, error in rows],
        pa.string(),
    )


def _counts(values: pa.Array) -> dict[str, int]:
    return {item["values"]: item["counts"] for item in pc.value_counts(values.drop_null()).to_pylist()}


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for name, count in more.items():
        total[name] = total.get(name, 0) + count


def _page(job: BatchJob, summary: Summary) -> str:
    counts = {
        "Images": summary.images,
        "Processed": summary.processed,
        "Pneumonia": summary.positives,
        "No pneumonia": summary.negatives,
        "Predictions with warnings": summary.warned,
        "Predictions without a percentage": summary.unscored,
        **{f"Withheld: {reason}": count for reason, count in summary.withheld.items()},
        **{f"Unreadable: {reason}": count for reason, count in summary.errors.items()},
    }
    models = job.predictions().head(1, columns=["model"]).column("model").to_pylist()
    by_path = ("path", "ascending")
    sections = {
        "Highest probability of pneumonia": _figures(job, "pneumonia", ("calibrated", "descending")),
        "Withheld predictions": _figures(job, "withheld", by_path),
    }
    return _template().render(
        source=shown(job.settings().source),
        passed_over=summary.passed_over.sentences(),
        model=models[0] if models else "",
        notice=NOTICE,
        counts=counts,
        histogram=summary.histogram,
        sections=sections,
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("summary.html")


def _figures(job: BatchJob, filter_name: str, order: tuple[str, str]) -> list[dict[str, str | None]]:
    """Path, caption and thumbnail of the first results that match a filter."""
    results = job.predictions().to_table(
        columns=["path", "calibrated", "withheld"], filter=FILTERS[filter_name]
    )
    rows = results.take(pc.select_k_unstable(results, MAX_THUMBNAILS, [order])).to_pylist()
    images = thumbnails(job, [row["path"] for row in rows], THUMBNAIL_SIDE)
    captions = [row["withheld"] or _score(row["calibrated"]) for row in rows]
    return [
        {"path": row["path"], "caption": caption, "image": image}
        for row, caption, image in zip(rows, captions, images, strict=True)
    ]


def _score(calibrated: float | None) -> str:
    return "no score" if calibrated is None else f"{100 * calibrated:.0f}%"


def thumbnails(job: BatchJob, paths: list[str], side: int) -> list[str | None]:
    """Images as data URLs; None for those that are gone or unreadable.

    Args:
        side: largest width and height in pixels.
    """
    try:
        with closing(job.open_source()) as source:
            return [_thumbnail(source, path, side) for path in paths]
    except UserError:
        return [None] * len(paths)


def _thumbnail(source: Source, path: str, side: int) -> str | None:
    try:
        return jpeg_data_url(source.read(path).pixels, side)
    except UserError:
        return None
