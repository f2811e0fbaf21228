"""What came out of an archive: counts, scores and reasons, as JSON and as a page with pictures."""

import html
import json
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core import atomic
from core.config import CLASS_NAMES, POSITIVE
from core.diagnosis.answers import NOTICE
from core.diagnosis.archive import Archive
from core.diagnosis.archive_browsing import KINDS
from core.diagnosis.archive_source import Source
from core.errors import UserError
from core.images import data_address

BINS = 20  # of the histogram, from 0 to 1
SHOWN = 12  # films of each kind on the page
SIDE = 160  # pixels of their pictures
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color-scheme: light dark; }
table { border-collapse: collapse; } td { padding: .2rem 1rem .2rem 0; } td + td { text-align: right; }
figure { display: inline-block; margin: 0 .5rem .5rem 0; width: 160px; font-size: .8rem; vertical-align: top;
         overflow-wrap: anywhere; } img { width: 160px; border-radius: 6px; }
rect { fill: #207ea0; } text { fill: currentColor; font-size: 11px; }
"""


@dataclass
class Summary:
    """Counts of what has been read so far.

    Attributes:
        films: in the manifest.
        read: of them, so far.
        positives, negatives: by answer.
        withheld: films without an answer, by reason.
        errors: films that could not be read, by reason, their names left out.
        warned: answers given with a warning.
        histogram: answers by calibrated probability, in 20 equal steps from 0 to 1.
    """

    films: int
    read: int = 0
    positives: int = 0
    negatives: int = 0
    warned: int = 0
    withheld: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)


def summarise(archive: Archive) -> Summary:
    """Count the answers, batch by batch."""
    summary = Summary(archive.films())
    columns = ["path", "label", "calibrated", "warnings", "withheld", "error"]
    for batch in archive.answers().to_batches(columns=columns):
        summary.read += batch.num_rows
        labels = batch.column("label")
        for name, count in _counts(labels).items():
            if name == CLASS_NAMES[POSITIVE]:
                summary.positives += count
            else:
                summary.negatives += count
        answered = pc.is_valid(labels)
        warned = pc.greater(pc.list_value_length(batch.column("warnings")), 0)
        summary.warned += pc.sum(pc.and_(answered, warned)).as_py() or 0
        _add(summary.withheld, _counts(batch.column("withheld")))
        _add(summary.errors, _counts(_nameless(batch)))
        scores = batch.column("calibrated").drop_null().to_numpy(zero_copy_only=False)
        steps = np.histogram(scores, BINS, (0, 1))[0]
        summary.histogram = [int(old + new) for old, new in zip(summary.histogram, steps, strict=True)]
    return summary


def write_summary(archive: Archive) -> Summary:
    """Keep the summary beside the answers, as `summary.json` and `summary.html`."""
    summary = summarise(archive)
    atomic.write_json(archive.path / "summary.json", asdict(summary))
    atomic.write_text(archive.path / "summary.html", _page(archive, summary))
    return summary


def _nameless(batch: pa.RecordBatch) -> pa.Array:
    """Reasons without the names of their files, so that equal ones are counted together."""
    found = zip(batch.column("path").to_pylist(), batch.column("error").to_pylist(), strict=True)
    return pa.array(
        [
            text and text.replace(path, "").replace(PurePosixPath(path).name, "").strip()
            for path, text in found
        ],
        pa.string(),
    )


def _counts(values: pa.Array) -> dict[str, int]:
    return {item["values"]: item["counts"] for item in pc.value_counts(values.drop_null()).to_pylist()}


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for name, count in more.items():
        total[name] = total.get(name, 0) + count


def _page(archive: Archive, summary: Summary) -> str:
    terms = archive.terms()
    rows = {
        "Films in the archive": summary.films,
        "Read": summary.read,
        "Pneumonia": summary.positives,
        "No pneumonia": summary.negatives,
        "Answered with a warning": summary.warned,
        **{f"Withheld: {name}": count for name, count in summary.withheld.items()},
        **{f"Not read: {name}": count for name, count in summary.errors.items()},
    }
    cells = "".join(f"<tr><td>{html.escape(name)}<td>{count:,}" for name, count in rows.items())
    likeliest = [("calibrated", "descending")]
    return (
        f"<!doctype html><meta charset=utf-8><title>Answers for an archive</title><style>{STYLE}</style>"
        f"<h1>Answers for an archive</h1><p>{html.escape(terms.source)}<br>Answered by "
        f"{html.escape(json.dumps(_models(archive)))}. {NOTICE}</p><table>{cells}</table>"
        f"<h2>Calibrated probability of pneumonia</h2>{_histogram(summary.histogram)}"
        f"<h2>Most likely pneumonia</h2>{_pictures(archive, KINDS['pneumonia'], likeliest)}"
        f"<h2>Without an answer</h2>{_pictures(archive, KINDS['withheld'], [('path', 'ascending')])}"
    )


def _models(archive: Archive) -> list[str]:
    names = archive.answers().head(1, columns=["model"]).column("model").to_pylist()
    return names or ["no model yet"]


def _histogram(counts: list[int]) -> str:
    highest = max(*counts, 1)
    bars = "".join(
        f'<rect x="{place * 30}" y="{120 - 110 * count / highest:.1f}" width="27" '
        f'height="{110 * count / highest:.1f}"><title>{count:,}</title></rect>'
        for place, count in enumerate(counts)
    )
    marks = "".join(f'<text x="{place * 6}" y="136">{place}%</text>' for place in range(0, 101, 25))
    return f'<svg viewBox="0 0 640 140" width="640" role="img">{bars}{marks}</svg>'


def _pictures(archive: Archive, wanted: pc.Expression, order: list[tuple[str, str]]) -> str:
    found = archive.answers().to_table(columns=["path", "calibrated", "withheld"], filter=wanted)
    places = pc.select_k_unstable(found, SHOWN, order)
    figures = []
    rows = found.take(places).to_pylist()
    for row, picture in zip(rows, thumbnails(archive, [row["path"] for row in rows], 2 * SIDE), strict=True):
        said = row["withheld"] or f"{row['calibrated']:.0%}"
        image = f'<img alt="" src="{picture}">' if picture else ""
        figures.append(
            f"<figure>{image}<figcaption>{html.escape(said)}<br>{html.escape(row['path'])}</figcaption></figure>"
        )
    return "".join(figures) or "<p>None.</p>"


def thumbnails(archive: Archive, paths: list[str], side: int) -> list[str | None]:
    """Films as data addresses; None for those that cannot be read any more.

    Args:
        side: pixels at most.
    """
    try:
        with closing(archive.source()) as source:
            return [_thumbnail(source, path, side) for path in paths]
    except UserError:
        return [None] * len(paths)


def _thumbnail(source: Source, path: str, side: int) -> str | None:
    try:
        return data_address(source.film(path).pixels, side)
    except UserError:
        return None
