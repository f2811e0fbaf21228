"""`import-weights` and `pack`: weights made elsewhere come in as a run, and a finished run goes out small."""

from pathlib import Path

import click

from core.cli.output import Bar, as_json, operating_point, percent, print_json
from core.config import STAGES
from core.dataset import Dataset, described, open_dataset, rows_by_role
from core.diagnosis import load_predictor
from core.errors import UserError
from core.evaluation import Predictions, evaluate, found_by
from core.runs import SCALINGS, Run, import_weights, open_run
from core.runs import pack as pack_run
from core.weights import change_record, read_record

FILMS_TO_TELL = 200  # of validation, by which the input of unknown weights is recognised


@click.command("import-weights")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--run", "name", help="Name of the run that will hold them; the file's if not given.")
@click.option(
    "--stage",
    type=click.IntRange(1, len(STAGES)),
    default=3,
    show_default=True,
    help="Where they belong in the method.",
)
@click.option("--data", type=click.Path(path_type=Path), help="A data set to measure them on.")
@click.option(
    "--scaling",
    type=click.Choice(["auto", *SCALINGS]),
    default="auto",
    show_default=True,
    help="What they were trained on: ImageNet's scaling, or raw pixels in [0, 1] (unit). Auto goes by the "
    "file's own record, else by which of the two fits the validation films of --data better.",
)
@click.option("--runs", "folder", type=click.Path(path_type=Path), help="Folder that keeps the runs.")
@as_json
def import_file(
    file: Path,
    name: str | None,
    stage: int,
    data: Path | None,
    scaling: str,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Import FILE: weights of this architecture, as Keras 2 or 3 saves them (.h5, .weights.h5).

    They are read as plain arrays, never executed. With --data they are measured and can be compared.
    """
    dataset = open_dataset(data, Bar("Decoding", "image")) if data else None
    known = scaling if scaling != "auto" else _recorded_scaling(file)
    if known is None and dataset is None:
        raise UserError(
            f"{file.name} does not say what it was trained on. Give --scaling imagenet or unit, or --data "
            "with films by which to tell."
        )
    root = str(dataset.root) if dataset else ""
    run = import_weights(file, stage, known or SCALINGS[0], name, root, folder)
    if dataset and known is None:
        known = _recognised(run.weights_path(stage), dataset, run)
    if dataset:
        _measure(run, stage, dataset)
    if as_json:
        print_json({"run": run.name, "path": str(run.path), "scaling": known, "evaluation": run.evaluation()})
        return
    print(f"{run.status().message} Run {run.name}, input scaled the {known} way.")
    for split, metrics in run.evaluation().get(str(stage), {}).items():
        auc = "–" if metrics["auc"] is None else f"{metrics['auc']:.3f}"
        print(f"  {split:<10}  AUC {auc}  accuracy {percent(metrics['accuracy'])}  n {metrics['n']}")


@click.command()
@click.argument("run", metavar="RUN")
@click.option(
    "--stage", type=click.IntRange(1, len(STAGES)), default=3, show_default=True, help="Whose weights."
)
@operating_point
@click.option(
    "--to", type=click.Path(path_type=Path), help="Folder; if not given, where the app takes it from."
)
@click.option("--runs", "folder", type=click.Path(path_type=Path), help="Folder that keeps the runs.")
@as_json
def pack(run: str, stage: int, point: str, to: Path | None, folder: Path | None, as_json: bool) -> None:
    """Pack the record of RUN and one stage in eight bits a weight, to come with the project.

    The packed model is asked beside the whole one about the run's own films, where they are at hand.
    """
    found = open_run(run, folder)
    packed = pack_run(found, stage, to, _measured_at(found, stage, point))
    size = sum(path.stat().st_size for path in packed.path.rglob("*") if path.is_file())
    weights = packed.weights_path(stage).stat().st_size
    changes = _changes(found, packed, stage)
    if as_json:
        print_json({"path": str(packed.path), "bytes": size, "weights": weights, "changes": changes})
        return
    print(f"{packed.path}: {size / 1e6:.1f} MB, of which weights {weights / 1e6:.1f} MB")
    for role, numbers in changes.items():
        print(
            "  {:<10}  AUC {auc:.4f} -> {packed_auc:.4f}  other decisions {otherwise} of {films}  "
            "largest change {largest:.4f}".format(role, **numbers)
        )


def _measured_at(run: Run, stage: int, rule: str) -> dict:
    """What the packed model's record says otherwise: the point that a rule finds, and what it is worth."""
    if run.predictions(stage, "validation") is None:
        return {}
    known = {split: Predictions.of(split, run.predictions(stage, split)) for split in ("validation", "test")}
    point = found_by(rule, known["validation"].labels, known["validation"].probabilities)
    measured = {
        split: evaluate(films.labels, films.probabilities, point.threshold) for split, films in known.items()
    }
    return {"threshold": point.threshold, "threshold_rule": point.rule, "evaluation": measured}


def _changes(run: Run, packed: Run, stage: int) -> dict[str, dict]:
    """What eight bits a weight change, by role; {} where the films are not at hand."""
    try:
        dataset = open_dataset(run.settings().data, Bar("Decoding", "image"))
    except UserError:
        return {}
    whole, small = (load_predictor(item.weights_path(stage)) for item in (run, packed))
    threshold = small.record.threshold
    rows_of, changes = rows_by_role(dataset, run.settings()), {}
    for role in ("validation", "test"):
        rows = rows_of[role]
        if not len(rows):
            continue
        labels = dataset.labels[rows]
        before, after = (one.probabilities(dataset.pixels[rows]) for one in (whole, small))
        changes[role] = {
            "films": len(rows),
            "auc": evaluate(labels, before)["auc"],
            "packed_auc": evaluate(labels, after)["auc"],
            "otherwise": int(((before >= threshold) != (after >= threshold)).sum()),
            "largest": float(abs(before - after).max()),
        }
    return changes


def _recorded_scaling(file: Path) -> str | None:
    """What the file says of its input; None for files made elsewhere, which say nothing."""
    record = read_record(file)
    return record.scaling if record.run else None


def _recognised(path: Path, dataset: Dataset, run: Run) -> str:
    """The scaling under which the weights fit validation better; kept in the file."""
    rows = rows_by_role(dataset, run.settings())["validation"]
    rows = rows[:: max(1, len(rows) // FILMS_TO_TELL)]
    losses = {}
    for scaling in SCALINGS:
        change_record(path, scaling=scaling)
        found = load_predictor(path).probabilities(dataset.pixels[rows])
        losses[scaling] = evaluate(dataset.labels[rows], found)["loss"]
    best = min(losses, key=losses.get)
    change_record(path, scaling=best)
    run.write_facts({**run.facts(), "scaling": best})
    return best


def _measure(run: Run, stage: int, dataset: Dataset) -> None:
    """Predictions and metrics on validation and test, as a run that was trained here has them."""
    predictor = load_predictor(run.weights_path(stage))
    measured = {}
    by_role = rows_by_role(dataset, run.settings())
    for role in ("validation", "test"):
        rows = by_role[role]
        if not len(rows):
            continue
        found = predictor.probabilities(dataset.pixels[rows])
        measured[role] = evaluate(dataset.labels[rows], found)
        run.write_predictions(stage, role, described(dataset, rows).assign(probability=found))
    facts = {"data": dataset.root.name, "synthetic": dataset.synthetic, "fingerprint": dataset.fingerprint}
    run.write_facts({**run.facts(), **facts})
    run.write_evaluation(stage, measured)
