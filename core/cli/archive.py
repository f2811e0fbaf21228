"""`read`: answers for a whole archive."""

import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from core.cli.diagnosis import default_model, model_option
from core.cli.output import Bar, as_json, print_json
from core.diagnosis import read_archive, start_archive, write_summary


@click.command()
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the answers.")
@model_option
@click.option(
    "--shard", type=click.IntRange(1, 100_000), help="Films that are written at a time. [default: 256]"
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes, or Ray actors.",
)
@click.option("--cluster", metavar="ADDRESS", help="Of a Ray cluster whose nodes see the same folders.")
@click.option("--anyway", is_flag=True, help="Answer for films that the model cannot judge, too.")
@as_json
def read(
    source: Path,
    out: Path,
    model: Path | None,
    shard: int | None,
    workers: int,
    cluster: str | None,
    anyway: bool,
    as_json: bool,
) -> int:
    """Answers for all films of SOURCE: a folder tree, a zip, or a CSV or Parquet list of paths.

    Whatever ends it, a second start with the same words reads what is missing, and nothing twice. Exit code 1
    when a film could not be read.
    """
    archive = start_archive(source, out, model or default_model(), shard, anyway)
    films, missing = archive.films(), archive.missing()
    left = archive.films(missing)
    if not as_json:
        print(f"{films:,} films in {archive.shards():,} shards, {len(missing):,} of them to be read")
    bar, done, began = Bar("Reading", "film"), 0, time.monotonic()
    for _, count in read_archive(archive, workers, cluster):
        done += count
        bar(done, left)
    seconds = time.monotonic() - began
    summary = write_summary(archive)
    if as_json:
        print_json({**asdict(summary), "seconds": round(seconds, 1), "folder": str(archive.path)})
        return 1 if summary.errors else 0
    if done:
        print(f"{done:,} films in {timedelta(seconds=round(seconds))}, {done / seconds:.1f} images/s")
    print(f"Pneumonia {summary.positives:,}, no pneumonia {summary.negatives:,}, warned {summary.warned:,}")
    for kind, reasons in (("Withheld", summary.withheld), ("Not read", summary.errors)):
        for reason, count in reasons.items():
            print(f"{kind} {count:,}: {reason}")
    print(f"{archive.path / 'summary.html'}")
    return 1 if summary.errors else 0
