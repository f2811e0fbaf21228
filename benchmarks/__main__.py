"""`python -m benchmarks`: measure this project beside the notebook way on this machine."""

import json
import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import click

from benchmarks import answers, growth, limits, pages, report, training
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.films import part
from benchmarks.worker import Worker
from core.dataset import Dataset, assign_roles, open_dataset, write_demo
from core.errors import UserError

REAL = Path(__file__).resolve().parents[2] / "shared" / "chest_xray"


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Data set; without it real X-rays if at hand, else a synthetic set.",
)
@click.option(
    "--weights",
    default="none",
    metavar="none|FILE",
    show_default=True,
    help="Starting weights; speed does not depend on them, the agreement with Keras does.",
)
@click.option("--quick", is_flag=True, help="The short version, a few minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")
@click.option("--out", type=click.Path(path_type=Path), help="Also write the JSON object to this file.")
def main(data: Path | None, weights: str, quick: bool, as_json: bool, out: Path | None) -> None:
    """Measure training and answers both ways in turn, and print a table of both and their ratios."""
    with tempfile.TemporaryDirectory(prefix="pneumonia-benchmark-") as folder:
        scratch = Path(folder)
        os.environ["PNEUMONIA_STUDIO_HOME"] = folder  # the user's own runs and weights stay untouched
        try:
            found = measure(_dataset(data, scratch), weights, QUICK if quick else FULL, scratch)
        except (UserError, RuntimeError) as error:
            raise click.ClickException(str(error)) from error
    if out:
        out.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2) if as_json else report.table(found))


def measure(dataset: Dataset, weights: str, effort: Effort, scratch: Path) -> dict:
    """Everything, in turn; see `benchmarks.report`."""
    roles = assign_roles(dataset.table, 0.1, 0)
    counts = [int((roles == role).sum()) for role in ("training", "validation", "test")]
    whole = training.whole_run(dataset.root, weights, *counts)
    _say("Limits of this machine")
    with closing(Worker(limits.Machine)) as machine:
        hardware = machine("measure")
    films = part(dataset, scratch / "films", effort.train, effort.test)
    _say("Training, both ways")
    trained = training.measure(films, whole, effort, scratch)
    _say("Answers, both ways")
    answered = answers.measure(films, effort, scratch, trained.answering, trained.notebook_model)
    found = report.result(dataset.name, hardware, trained, answered)
    _say("Agreement with Keras in float32")
    found["agreement"] = answers.agreement(films, sorted(trained.models.glob("*.h5"))[: effort.models])
    _say("Pages")
    found["pages"] = pages.paint(scratch)
    if effort.sizes:
        _say("Growth")
        found["growth"] = growth.measure(dataset, whole.settings, effort.sizes, scratch)
    return found


def _dataset(data: Path | None, scratch: Path) -> Dataset:
    if data is None:
        data = REAL if REAL.is_dir() else write_demo(scratch / "synthetic", images=1000)
    return open_dataset(data)


def _say(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
