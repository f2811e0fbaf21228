"""`python -m benchmarks`: compare this project with the notebook way on this machine."""

import json
import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import click

from benchmarks import answers, growth, limits, pages, report, training
from benchmarks.effort import EFFORTS, Effort
from benchmarks.images import copy_subset
from benchmarks.worker import Worker
from core.dataset import Dataset, assign_roles, open_dataset, write_synthetic_dataset
from core.errors import UserError
from core.inference import AvailableModel, bundled_models

REAL_IMAGES = Path(__file__).resolve().parents[2] / "shared" / "chest_xray"
SYNTHETIC_IMAGES = 1000
VALIDATION_FRACTION = 0.1


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Data set. Default: the real X-rays if they are available, otherwise a synthetic set.",
)
@click.option(
    "--weights",
    default="none",
    metavar="none|FILE",
    show_default=True,
    help="Starting weights for training. Speed does not depend on them; agreement with Keras does.",
)
@click.option("--quick", "effort", flag_value="quick", help="The short version, a few minutes.")
@click.option("--smallest", "effort", flag_value="smallest", help="Only tells whether everything runs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--out", type=click.Path(path_type=Path), help="Also write the JSON object to this file.")
def main(data: Path | None, weights: str, effort: str | None, as_json: bool, out: Path | None) -> None:
    """Measure training and prediction both ways, alternating, and print a table of both and their ratios."""
    with tempfile.TemporaryDirectory(prefix="pneumonia-benchmark-") as folder:
        scratch = Path(folder)
        os.environ["PNEUMONIA_STUDIO_HOME"] = folder  # the user's own runs and weights stay untouched
        try:
            measured = measure(_dataset(data, scratch), weights, EFFORTS[effort or "full"], scratch)
        except (UserError, RuntimeError) as error:
            raise click.ClickException(str(error)) from error
    if out:
        out.write_text(json.dumps(measured, indent=2) + "\n")
    print(json.dumps(measured, indent=2) if as_json else report.table(measured))


def measure(dataset: Dataset, weights: str, effort: Effort, scratch: Path) -> dict:
    """Take all measurements, one after another; see `benchmarks.report` for the result.

    Args:
        dataset: to train and predict on.
        weights: starting weights, as in `TrainingSettings`.
        effort: how much to measure.
        scratch: folder for images, runs and weights.

    Raises:
        UserError: there is no bundled model, or a measurement cannot be set up.
        RuntimeError: a training run failed.
    """
    bundled = _bundled_model()
    roles = assign_roles(dataset.table, VALIDATION_FRACTION, 0)
    counts = [int((roles == role).sum()) for role in ("training", "validation", "test")]
    complete = training.complete_run(dataset.root, weights, *counts)
    _announce("Limits of this machine")
    with closing(Worker(limits.Machine)) as machine:
        hardware = machine("measure", effort.matrix)
    images = copy_subset(dataset, scratch / "images", effort.train, effort.test)
    _announce("Training, both ways")
    trained = training.measure(images, complete, effort, scratch)
    _announce("Predictions, both ways")
    predicted = answers.measure(images, effort, scratch, bundled.path, trained.notebook_model, trained.models)
    measured = report.result(dataset.name, _title(bundled), hardware, trained, predicted)
    _announce("Agreement with Keras in float32")
    files = sorted(trained.models.glob("*.h5"))[: effort.models]
    models = {_title(bundled): bundled.path, **{path.name: path for path in files}}
    measured["agreement"] = answers.agreement(images, models)
    _announce("Pages")
    measured["pages"] = pages.paint_seconds(scratch, effort.pages)
    if effort.sizes:
        _announce("Scaling with the number of images")
        measured["growth"] = growth.measure(dataset, complete.settings, effort.sizes, scratch)
    return measured


def _bundled_model() -> AvailableModel:
    """The last stage of the bundled model."""
    models = bundled_models()
    if not models:
        raise UserError("There is no bundled model; restore model_weights/bundled from the repository.")
    return models[-1]


def _title(model: AvailableModel) -> str:
    return f"the bundled model ({model.record.run}, stage {model.stage.number})"


def _dataset(data: Path | None, scratch: Path) -> Dataset:
    if data is None:
        synthetic = scratch / "synthetic"
        data = REAL_IMAGES if REAL_IMAGES.is_dir() else write_synthetic_dataset(synthetic, SYNTHETIC_IMAGES)
    return open_dataset(data)


def _announce(task: str) -> None:
    print(f"{task} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
