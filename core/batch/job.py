"""A batch job: a folder of predictions that several processes may fill and any program may read.

settings.json         source of the images, model and options
manifest.parquet      path, size in bytes (-1: unknown) and shard of each image; one row group per shard
shards/00017.parquet  one row per image, see `COLUMNS`; written under a temporary name, then renamed
passed-over.json      files of the source that are not images, by reason
summary.json, .html   counts and reasons

A shard is the unit of work. A job that is started again processes only the missing shards.
"""

import json
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq

from core import atomic
from core.batch.source import Source, list_images
from core.config import old_names
from core.errors import UserError
from core.images import PassedOver, shown
from core.sentence import Sentence
from core.weights import file_digest

SHARD_SIZE = 256  # images
PASSED_OVER = "passed-over.json"
MANIFEST = pa.schema([("path", pa.string()), ("size", pa.int64()), ("shard", pa.int32())])
COLUMNS = pa.schema(
    [
        ("path", pa.string()),
        ("sha256", pa.string()),  # of the file
        ("label", pa.string()),  # null where there is no prediction
        ("probability", pa.float64()),  # network output
        ("calibrated", pa.float64()),
        (
            "raw_probability",
            pa.float64(),
        ),  # network output where it means nothing; the two above are null then
        ("zone", pa.string()),  # rule out, undecided or rule in; null for a model without zones
        ("member_lowest", pa.float64()),  # calibrated, of an ensemble's members; null for any other model
        ("member_highest", pa.float64()),
        ("threshold", pa.float64()),  # applies to `probability`
        ("withheld", pa.string()),  # why a readable image has no prediction
        ("warnings", pa.list_(pa.string())),
        ("framing", pa.string()),  # the part of the image that the model saw: whole or lungs
        ("framing_reason", pa.string()),  # why whole, where the model is framed by lungs
        ("lung_box", pa.list_(pa.float64())),  # left, top, right, bottom as shares of the sides; null without
        ("lung_left_area", pa.float64()),  # of the patient's left lung, as a share of the image
        ("lung_right_area", pa.float64()),
        ("lung_quality", pa.list_(pa.string())),  # what speaks against these lungs; empty if plausible
        ("modality", pa.string()),
        ("view", pa.string()),
        ("age", pa.string()),
        ("sex", pa.string()),
        ("model", pa.string()),  # name, version and digest of its weights
        ("error", pa.string()),  # why the image is unreadable
    ]
)


@dataclass(frozen=True)
class BatchSettings:
    """What must be the same when a job is started again.

    Attributes:
        source: absolute path of a folder, a zip, or a CSV, text or Parquet list of paths.
        model: absolute path of the weights file.
        digest: SHA-256 of that file, which includes the operating point.
        anyway: whether images that fail a check get a prediction too.
        shard_size: images per shard.
        notices: what every prediction must say of the model, one sentence each.
        active: whether it was begun with the model that was active then.
    """

    source: str
    model: str
    digest: str
    anyway: bool
    shard_size: int
    notices: tuple[str, ...] = ()
    active: bool = False


@dataclass(frozen=True)
class BatchJob:
    """A folder of predictions."""

    path: Path

    @property
    def manifest(self) -> Path:
        """Path of the list of images."""
        return self.path / "manifest.parquet"

    def passed_over(self) -> PassedOver:
        """The files of the source that are not images."""
        try:
            return PassedOver(**json.loads((self.path / PASSED_OVER).read_text(encoding="utf-8")))
        except FileNotFoundError:  # of an earlier version
            return PassedOver()

    def shard_path(self, shard: int) -> Path:
        """Path of a shard's predictions."""
        return self.path / "shards" / f"{shard:05}.parquet"

    def settings(self) -> BatchSettings:
        """The settings the job was started with."""
        stored = json.loads((self.path / "settings.json").read_text(encoding="utf-8"))
        settings = BatchSettings(**old_names.renamed(stored, old_names.BATCH_SETTINGS))
        return replace(settings, notices=tuple(settings.notices))

    def shard_count(self) -> int:
        """Number of shards."""
        return pq.read_metadata(self.manifest).num_row_groups

    def image_count(self, shards: list[int] | None = None) -> int:
        """Number of images in the job, or in the given shards."""
        manifest = pq.read_metadata(self.manifest)
        if shards is None:
            return manifest.num_rows
        return sum(manifest.row_group(shard).num_rows for shard in shards)

    def processed_count(self) -> int:
        """Number of images processed so far."""
        return self.predictions().count_rows()

    def missing_shards(self) -> list[int]:
        """Numbers of the shards still to be processed."""
        finished = {path.stem for path in (self.path / "shards").glob("*.parquet")}
        return [shard for shard in range(self.shard_count()) if f"{shard:05}" not in finished]

    def paths(self, shard: int) -> list[str]:
        """Paths of a shard's images as listed in the manifest."""
        return pq.ParquetFile(self.manifest).read_row_group(shard, ["path"]).column("path").to_pylist()

    def open_source(self) -> Source:
        """The source of the images; close it after use.

        Raises:
            UserError: the source is gone.
        """
        return Source(Path(self.settings().source))

    def predictions(self) -> pyarrow.dataset.Dataset:
        """All predictions so far as a data set to scan; nothing is loaded as a whole."""
        files = sorted(map(str, (self.path / "shards").glob("*.parquet")))
        return pyarrow.dataset.dataset(files, COLUMNS, format="parquet")


def open_batch(path: str | Path) -> BatchJob:
    """The batch job in a folder.

    Raises:
        UserError: the folder contains none.
    """
    job = BatchJob(Path(path).expanduser().resolve())
    if not (job.manifest.exists() and (job.path / "settings.json").exists()):
        raise UserError(
            Sentence(
                "{path} contains no batch predictions. Enter the folder that they were written to.",
                path=job.path,
            )
        )
    return job


def begun_with_active_model(out: str | Path) -> BatchSettings | None:
    """The settings of the job in a folder if it was begun with the model that was active then; else None."""
    try:
        settings = open_batch(out).settings()
    except UserError:
        return None
    return settings if settings.active else None


def start_batch(
    source: str | Path,
    out: str | Path,
    model: Path,
    shard_size: int | None = None,
    anyway: bool = False,
    notices: tuple[str, ...] = (),
    active: bool = False,
) -> BatchJob:
    """Create a job with its manifest, or continue the one that was started in the same folder.

    Args:
        source: a folder tree, a zip, or a CSV, text or Parquet list of files.
        out: folder for the predictions; created if missing.
        model: weights file.
        shard_size: images per shard; None for that of the job to continue, else 256.
        anyway: whether images that fail a check get a prediction too.
        notices: what every prediction must say of the model, one sentence each.
        active: whether it is the active model.

    Raises:
        UserError: the source contains no images, or the folder holds a job with other settings.
    """
    source, model = Path(source).expanduser().resolve(), Path(model).expanduser().resolve()
    job = BatchJob(Path(out).expanduser().resolve())
    digest = file_digest(model)
    size = shard_size or SHARD_SIZE
    settings = BatchSettings(str(source), str(model), digest, anyway, size, notices, active)
    if job.manifest.exists():
        _check_same(job, settings, shard_size)
        return job
    if job.path.is_relative_to(source):
        raise UserError(
            f"{job.path} is inside the source {source} and would be processed too. Choose another --out."
        )
    (job.path / "shards").mkdir(parents=True, exist_ok=True)
    atomic.write_json(job.path / "settings.json", asdict(settings))
    _write_manifest(job, source, settings.shard_size)
    return job


def _check_same(job: BatchJob, settings: BatchSettings, shard_size: int | None) -> None:
    before = job.settings()
    differences = {
        f"another source, {before.source}": before.source != settings.source,
        f"another model or operating point, {before.model}": before.digest != settings.digest,
        "--anyway" if before.anyway else "no --anyway": before.anyway != settings.anyway,
        f"{before.shard_size} images per shard": shard_size not in (None, before.shard_size),
    }
    for difference, applies in differences.items():
        if applies:
            raise UserError(
                f"{job.path} was started with {difference}. Use the same options as before, or choose "
                "another --out."
            )


def _write_manifest(job: BatchJob, source: Path, shard_size: int) -> None:
    """One row group per shard; at most one shard in memory."""
    passed_over = PassedOver()
    images, shard = list_images(source, passed_over), 0
    with atomic.replacing(job.manifest) as temporary, pq.ParquetWriter(temporary, MANIFEST) as writer:
        while batch := list(islice(images, shard_size)):
            paths, sizes = zip(*batch, strict=True)
            writer.write_table(pa.table([paths, sizes, [shard] * len(batch)], schema=MANIFEST))
            shard += 1
        if not shard:
            sentences = passed_over.sentences()
            raise UserError(" ".join([f"{shown(source)} contains no images.", *sentences]))
        atomic.write_json(job.path / PASSED_OVER, asdict(passed_over))
