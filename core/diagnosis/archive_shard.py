"""One shard of an archive: decoded, judged, written. The one function that every kind of worker maps."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core import atomic
from core.diagnosis.archive import COLUMNS, Archive
from core.diagnosis.predictor import BATCH, Predictor, load_predictor
from core.diagnosis.reading import Reading, read_films
from core.diagnosis.reference import Reference, reference_of
from core.errors import UserError
from core.images import ImageError, Radiograph, Read, decoded_ahead, outcome

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
    reference = reference_of(predictor.record)
    rows = []
    with closing(archive.source()) as source:
        reads = [partial(source.film, path) for path in paths]
        films = _one_by_one(job, reads) if job.alone else decoded_ahead(reads, BATCH)
        for part in films:
            names = paths[len(rows) : len(rows) + len(part)]
            rows += _answers(names, part, predictor, reference, terms.anyway)
    table = pa.Table.from_pylist(rows, COLUMNS)
    with atomic.replacing(target) as temporary:
        pq.write_table(table, temporary)
    journal(job).unlink(missing_ok=True)
    return len(rows)


def journal(job: Job) -> Path:
    """Where the place of the film that is being read alone is written down."""
    return Archive(job.folder).shard_path(job.shard).with_suffix(".now")


def _one_by_one(job: Job, reads: list[Read]) -> Iterator[list[Radiograph | UserError]]:
    """Each film alone, written down before it is read; the killers are left unread."""
    for place, read in enumerate(reads):
        if place in job.killers:
            yield [ImageError(KILLED)]
            continue
        journal(job).write_text(str(place))
        yield [outcome(read)]


def _answers(
    paths: list[str],
    found: list[Radiograph | UserError],
    predictor: Predictor,
    reference: Reference | None,
    anyway: bool,
) -> list[dict]:
    """A row a film."""
    record = predictor.record
    common = {"model": f"{record.run} stage {record.stage}", "threshold": record.threshold}
    rows, films = [], {}
    for place, (path, film) in enumerate(zip(paths, found, strict=True)):
        if isinstance(film, UserError):
            rows.append({"path": path, **common, "error": str(film)})
            continue
        films[place] = film
        rows.append({"path": path, **common, "sha256": film.sha256})
    readings = read_films(films.values(), predictor, reference, anyway=anyway)
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
