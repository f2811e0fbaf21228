"""Answers for a whole archive, in a folder that any number of processes may fill and any program may read.

settings.json         where the films come from, which model answers and how
manifest.parquet      path, size in bytes (-1: unknown) and shard of every film; a row group a shard
shards/00017.parquet  a row a film, see `COLUMNS`; written under another name and renamed: whole or not there
summary.json, .html   what came out

A shard is what one process reads at a time. A second start reads what is missing and nothing twice.
"""

import json
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq

from core import atomic
from core.diagnosis.archive_source import Source, listed
from core.errors import UserError
from core.weights import file_digest

SHARD = 256  # films
MANIFEST = pa.schema([("path", pa.string()), ("size", pa.int64()), ("shard", pa.int32())])
COLUMNS = pa.schema(
    [
        ("path", pa.string()),
        ("sha256", pa.string()),  # of the file
        ("label", pa.string()),  # null where there is no answer
        ("probability", pa.float64()),  # as the network gives it
        ("calibrated", pa.float64()),
        ("threshold", pa.float64()),  # of `probability`
        ("withheld", pa.string()),  # why there is no answer for a film that could be read
        ("warnings", pa.list_(pa.string())),
        ("modality", pa.string()),
        ("view", pa.string()),
        ("age", pa.string()),
        ("sex", pa.string()),
        ("model", pa.string()),  # run and stage
        ("error", pa.string()),  # why a film could not be read
    ]
)


@dataclass(frozen=True)
class Terms:
    """What must stay the same for a second start to go on with a first one.

    Attributes:
        source: a folder, a zip, or a CSV or Parquet list of paths; absolute.
        model: path of the weights file; absolute.
        digest: SHA-256 of that file, which holds the operating point, too.
        anyway: whether films that the model cannot judge get answers, too.
        shard: films a shard.
    """

    source: str
    model: str
    digest: str
    anyway: bool
    shard: int


@dataclass(frozen=True)
class Archive:
    """A folder of answers."""

    path: Path

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.parquet"

    def shard_path(self, shard: int) -> Path:
        """Where a shard's answers are."""
        return self.path / "shards" / f"{shard:05}.parquet"

    def terms(self) -> Terms:
        """How it is filled."""
        return Terms(**json.loads((self.path / "settings.json").read_text(encoding="utf-8")))

    def shards(self) -> int:
        """How many there are in all."""
        return pq.read_metadata(self.manifest).num_row_groups

    def films(self, shards: list[int] | None = None) -> int:
        """How many there are in all, or in some shards."""
        manifest = pq.read_metadata(self.manifest)
        if shards is None:
            return manifest.num_rows
        return sum(manifest.row_group(shard).num_rows for shard in shards)

    def films_read(self) -> int:
        """How many have a row so far."""
        return self.answers().count_rows()

    def missing(self) -> list[int]:
        """Numbers of the shards that are still to be read."""
        there = {path.stem for path in (self.path / "shards").glob("*.parquet")}
        return [shard for shard in range(self.shards()) if f"{shard:05}" not in there]

    def paths(self, shard: int) -> list[str]:
        """The films of a shard, as the manifest names them."""
        return pq.ParquetFile(self.manifest).read_row_group(shard, ["path"]).column("path").to_pylist()

    def source(self) -> Source:
        """Where the films are, to be closed after use.

        Raises:
            UserError: they are gone.
        """
        return Source(Path(self.terms().source))

    def answers(self) -> pyarrow.dataset.Dataset:
        """All answers so far, to be scanned: nothing is loaded whole."""
        files = sorted(map(str, (self.path / "shards").glob("*.parquet")))
        return pyarrow.dataset.dataset(files, COLUMNS, format="parquet")


def open_archive(path: str | Path) -> Archive:
    """The answers in a folder.

    Raises:
        UserError: there are none.
    """
    archive = Archive(Path(path).expanduser().resolve())
    if not (archive.manifest.exists() and (archive.path / "settings.json").exists()):
        raise UserError(
            f"{archive.path} holds no answers of an archive. Name a folder that `read` has filled."
        )
    return archive


def start_archive(
    source: str | Path, out: str | Path, model: Path, shard: int | None = None, anyway: bool = False
) -> Archive:
    """The folder for the answers, with its manifest; the same one as before where it was begun before.

    Args:
        source: a folder tree, a zip, or a CSV or Parquet list whose column `path`, else the first, names
            files.
        out: folder; made where it is missing.
        model: weights file.
        shard: films a shard; None goes on with what was begun, or takes 256.
        anyway: answer for films that the model cannot judge, too.

    Raises:
        UserError: the source holds no films, or the folder holds answers of another source or model.
    """
    source, model = Path(source).expanduser().resolve(), Path(model).expanduser().resolve()
    archive = Archive(Path(out).expanduser().resolve())
    wanted = Terms(str(source), str(model), file_digest(model), anyway, shard or SHARD)
    if archive.manifest.exists():
        _check_same(archive, wanted, shard)
        return archive
    if archive.path.is_relative_to(source):
        raise UserError(
            f"{archive.path} lies within {source}, and would be read itself. Choose another --out."
        )
    (archive.path / "shards").mkdir(parents=True, exist_ok=True)
    atomic.write_json(archive.path / "settings.json", asdict(wanted))
    _write_manifest(archive, source, wanted.shard)
    return archive


def _check_same(archive: Archive, wanted: Terms, shard: int | None) -> None:
    before = archive.terms()
    differing = {
        f"another source, {before.source}": before.source != wanted.source,
        f"another model or operating point, {before.model}": before.digest != wanted.digest,
        "answers for all films" if before.anyway else "answers withheld": before.anyway != wanted.anyway,
        f"shards of {before.shard} films": shard is not None and before.shard != shard,
    }
    for what, differs in differing.items():
        if differs:
            raise UserError(
                f"{archive.path} was begun with {what}. Start it as it was begun, or choose another --out."
            )


def _write_manifest(archive: Archive, source: Path, size: int) -> None:
    """A row group a shard; never more than one shard in memory."""
    films, shard = listed(source), 0
    with atomic.replacing(archive.manifest) as temporary, pq.ParquetWriter(temporary, MANIFEST) as writer:
        while part := list(islice(films, size)):
            paths, sizes = zip(*part, strict=True)
            writer.write_table(pa.table([paths, sizes, [shard] * len(part)], schema=MANIFEST))
            shard += 1
        if not shard:
            raise UserError(f"{source} holds no images.")
