"""`batch`: predictions for many images at once."""

import time
from datetime import timedelta
from pathlib import Path

import click

from core.batch import (
    BatchJob,
    Summary,
    begun_with_active_model,
    read_batch_in_shadow,
    run_batch,
    start_batch,
    write_summary,
)
from core.cli.diagnosis import default_model, model_option
from core.cli.output import Bar, as_json, print_json


@click.command()
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the predictions.")
@model_option
@click.option(
    "--shard-size", type=click.IntRange(1, 100_000), help="Images written to one file. [default: 256]"
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Number of processes, or of actors on a Ray cluster.",
)
@click.option("--cluster", metavar="HOST:PORT", help="Ray cluster to run on; its nodes share a file system.")
@click.option("--anyway", is_flag=True, help="Also give results for images that the model cannot judge.")
@as_json
def batch(
    source: Path,
    out: Path,
    model: Path | None,
    shard_size: int | None,
    workers: int,
    cluster: str | None,
    anyway: bool,
    as_json: bool,
) -> int:
    """Predict for all images in SOURCE.

    SOURCE is a folder tree, a zip, or a CSV, text or Parquet list of paths. Files that are not images are
    passed over, counted and named. If the command is interrupted, run it again with the same options: it
    processes only what is missing, with the model it began with. Shadow models read the images after every
    answer is written; stopping the command then loses nothing. The exit code is 1 if an image could not be
    read.
    """
    is_active, notices = model is None, ()
    if model is None:
        model, notices = _model_to_begin_or_go_on_with(out)
    job = start_batch(source, out, model, shard_size, anyway, notices, is_active)
    missing = job.missing_shards()
    to_process = job.image_count(missing)
    if not as_json:
        print(f"{job.image_count():,} images in total, {to_process:,} to process")
    bar, done, start = Bar("Predicting", "image"), 0, time.monotonic()
    for _, count in run_batch(job, workers, cluster):
        done += count
        bar(done, to_process)
    seconds = time.monotonic() - start
    summary = write_summary(job)
    if as_json:
        print_json({**summary.to_json(), "seconds": round(seconds, 1), "folder": str(job.path)})
    else:
        _print(summary, job, done, seconds)
    if is_active:
        _read_in_shadow(job, as_json)
    return 1 if summary.errors else 0


def _model_to_begin_or_go_on_with(out: Path) -> tuple[Path, tuple[str, ...]]:
    """The active model and its notices, or those that the job in a folder was begun with as active."""
    if begun := begun_with_active_model(out):
        return Path(begun.model), begun.notices
    active = default_model()
    return active.path, active.notices


def _print(summary: Summary, job: BatchJob, done: int, seconds: float) -> None:
    """The summary for people, after `done` images in `seconds`."""
    if done:
        print(f"{done:,} images in {timedelta(seconds=round(seconds))}, {done / seconds:.1f} images/s")
    print(
        f"Pneumonia {summary.positives:,}, no pneumonia {summary.negatives:,}, "
        f"with warnings {summary.warned:,}"
    )
    for title, reasons in (("Withheld", summary.withheld), ("Unreadable", summary.errors)):
        for reason, count in reasons.items():
            print(f"{title} {count:,}: {reason}")
    for sentence in summary.passed_over.sentences():
        print(sentence)
    print(f"Summary: {job.path / 'summary.html'}")


def _read_in_shadow(job: BatchJob, as_json: bool) -> None:
    """Let the shadow models read the images, now that every answer is written."""
    bar, total, read = Bar("Shadow models", "image"), job.image_count(), 0
    for read in read_batch_in_shadow(job):
        bar(read, total)
    if read:
        bar(total, total)
    if read and not as_json:
        print(f"Shadow models went through {read:,} images: python -m core models shadow-report")
