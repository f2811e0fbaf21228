"""One shard of an archive: decoded, judged, written. The one function that every kind of worker maps."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core import atomic
from core.diagnosis.archive import COLUMNS, Archive
from core.diagnosis.predictor import BATCH, Predictor, load_predictor
from core.diagnosis.reading import Reading, read_films
from core.diagnosis.reference import reference_of
from core.images import ImageError

DECODERS = 2  # threads
KILLED = "Reading this file ended the process that read it, twice. Export it again."
FACTS = {"modality": "Modality", "view": "View", "age": "Age", "sex": "Sex"}


@dataclass(frozen=True)
class Job:
    """A shard to read.

    Attributes:
        folder: of the archive's answers.
        shard: its number.
        threads: to judge with; 0 for one a core.
        alone: read one film at a time and write down which, because one of them ended the process.
        killers: places in the shard of films that did so again, alone.
    """

    folder: Path
    shard: int
    threads: int = 0
    alone: bool = False
    killers: tuple[int, ...] = ()


def read_shard(job: Job) -> int:
    """Read a shard's films and write their answers; what is there already is left as it is.

    Returns:
        How many films were read.

    Raises:
        UserError: the model or the source is gone, or the disk is full.
    """
    archive = Archive(job.folder)
    target = archive.shard_path(job.shard)
    if target.exists():
        return 0
    terms, paths = archive.terms(), archive.paths(job.shard)
    predictor = _predictor(Path(terms.model), job.threads)
    size = 1 if job.alone else BATCH
    rows = []
    with closing(archive.source()) as source, ThreadPoolExecutor(DECODERS, "decode") as threads:
        works = {}
        for start in range(0, len(paths), size):
            ahead = paths[start : start + (size if job.alone else 2 * size)]
            for place, path in enumerate(ahead, start):
                if place in works or place in job.killers:
                    continue
                if job.alone:
                    journal(job).write_text(str(place))
                works[place] = threads.submit(source.film, path)
            part = range(start, min(start + size, len(paths)))
            rows += _answers(
                [(paths[place], works.pop(place, None)) for place in part], predictor, terms.anyway
            )
    table = pa.Table.from_pylist(rows, COLUMNS)
    with atomic.replacing(target) as temporary:
        pq.write_table(table, temporary)
    journal(job).unlink(missing_ok=True)
    return len(rows)


def journal(job: Job) -> Path:
    """Where the place of the film that is being read alone is written down."""
    return Archive(job.folder).shard_path(job.shard).with_suffix(".now")


def _answers(part: list[tuple[str, Future | None]], predictor: Predictor, anyway: bool) -> Iterable[dict]:
    """A row a film."""
    record = predictor.record
    common = {"model": f"{record.run} stage {record.stage}", "threshold": record.threshold}
    rows, films = [], {}
    for place, (path, work) in enumerate(part):
        row = {"path": path, **common}
        try:
            if work is None:
                raise ImageError(KILLED)
            films[place] = work.result()
            row["sha256"] = films[place].sha256
        except ImageError as error:
            row["error"] = str(error)
        rows.append(row)
    readings = read_films(films.values(), predictor, reference_of(record), anyway=anyway)
    for place, reading in zip(films, readings, strict=True):
        rows[place] |= _values(reading)
    return rows


def _values(reading: Reading) -> dict:
    facts = {name: reading.film.facts.get(title) for name, title in FACTS.items()}
    warned = {"warnings": reading.warnings(), **facts}
    if reading.withheld:
        return {"withheld": reading.checks[0].reason, **warned}
    answer = reading.prediction
    return {
        "label": answer.label,
        "probability": answer.probability,
        "calibrated": answer.calibrated,
        **warned,
    }


@lru_cache(maxsize=1)
def _predictor(path: Path, threads: int) -> Predictor:
    return load_predictor(path, threads=threads)
