"""`import-weights` makes a run of weights trained elsewhere; `pack` compresses a finished run."""

from pathlib import Path

import click

from core.architecture import VGG19
from core.cli.output import Bar, as_json, operating_point, percent, print_json
from core.config import STAGES, old_names
from core.dataset import Dataset, describe_images, open_dataset, rows_by_role
from core.errors import UserError
from core.evaluation import Predictions, evaluate, find_point
from core.inference import load_predictor
from core.registry import save_drawn_images
from core.runs import SCALINGS, Run, import_weights, open_run, removed_on_failure
from core.runs import pack as pack_run
from core.weights import describe_foreign_model, update_record

INVERTED_AUC = 0.4  # below it, chance alone is an unlikely reason
MAX_SCALING_IMAGES = 200  # of validation, on which the scaling of unknown weights is detected


@click.command("import-weights")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--run", "name", help="Name of the new run; by default, the name of the file.")
@click.option(
    "--stage",
    type=click.IntRange(1, len(STAGES)),
    default=3,
    show_default=True,
    help="Stage of the method that the weights belong to.",
)
@click.option("--data", type=click.Path(path_type=Path), help="Data set to evaluate the weights on.")
@click.option(
    "--scaling",
    type=click.Choice(["auto", *SCALINGS]),
    default="auto",
    show_default=True,
    help="Input that the weights were trained on: scaled as for ImageNet, or raw pixels in [0, 1] (unit). "
    "Auto reads it from the file, or else tries both on the validation images of --data.",
)
@click.option("--runs", "folder", type=click.Path(path_type=Path), help="Folder that holds the runs.")
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
    """Import weights that were trained elsewhere, as a new run.

    FILE holds weights of this architecture as Keras 2 or 3 saves them (.h5, .weights.h5, .keras).

    The file is read as plain arrays, never executed. A whole model must compute what the model here does;
    what differs is named. With --data, the weights are evaluated and can be compared.
    """
    dataset = open_dataset(data, Bar("Decoding", "image")) if data else None
    known_scaling = scaling if scaling != "auto" else _recorded_scaling(file)
    if known_scaling is None and dataset is None:
        raise UserError(
            f"{file.name} does not record which input it was trained on. Give --scaling imagenet or unit, or "
            "--data to detect it."
        )
    root = str(dataset.root) if dataset else ""
    run = import_weights(file, stage, known_scaling or SCALINGS[0], name, root, folder)
    with removed_on_failure(run):
        if dataset and known_scaling is None:
            known_scaling = _detect_scaling(run.weights_path(stage), dataset, run)
        if dataset:
            _evaluate(run, stage, dataset)
    evaluation = run.results.evaluation()
    if question := classes_question(evaluation.get(str(stage), {})):
        run.add_status_note(question)
    if as_json:
        print_json(
            {
                "run": run.name,
                "path": str(run.path),
                "scaling": known_scaling,
                "evaluation": evaluation,
                "warnings": list(run.status().notes),
            }
        )
        return
    print(f"{run.status().message} Run {run.name}, input scaling {known_scaling}.")
    for split, metrics in evaluation.get(str(stage), {}).items():
        auc = "–" if metrics["auc"] is None else f"{metrics['auc']:.3f}"
        print(f"  {split:<10}  AUC {auc}  accuracy {percent(metrics['accuracy'])}  n {metrics['n']}")
    for note in run.status().notes:
        print(note)


def classes_question(metrics: dict[str, dict]) -> str:
    """A question if predictions are so far below chance that the classes may be the other way round; else "".

    Args:
        metrics: by split.
    """
    aucs = {split: item["auc"] for split, item in metrics.items() if item["auc"] is not None}
    below = next((split for split in ("test", "validation") if aucs.get(split, 1) < INVERTED_AUC), None)
    if below is None:
        return ""
    return (
        f"The AUC on {below} is {aucs[below]:.3f}, far below one half. Are the classes the other way round? "
        "The first output must be NORMAL, the second PNEUMONIA; exchange them in Keras and import the file "
        "again."
    )


@click.command()
@click.argument("run", metavar="RUN")
@click.option(
    "--stage",
    type=click.IntRange(1, len(STAGES)),
    default=3,
    show_default=True,
    help="Stage whose weights to pack.",
)
@operating_point
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="Folder to write to; by default, the folder of the bundled models.",
)
@click.option("--runs", "folder", type=click.Path(path_type=Path), help="Folder that holds the runs.")
@as_json
def pack(run: str, stage: int, point: str, to: Path | None, folder: Path | None, as_json: bool) -> None:
    """Pack RUN at about four bits per weight, for bundling.

    The bundle holds the run's record and predictions, and the weights of one stage. If the run's data set is
    available, the packed model is compared with the original on its images.
    """
    original = open_run(run, folder)
    packed = pack_run(original, stage, to, _record_changes(original, stage, point))
    save_drawn_images(packed, stage)
    size = sum(path.stat().st_size for path in packed.path.rglob("*") if path.is_file())
    weights = packed.weights_path(stage).stat().st_size
    changes = _packing_changes(original, packed, stage)
    if as_json:
        print_json(
            {"path": str(packed.path), "bytes": size, "weights": weights, "changes": _with_old_keys(changes)}
        )
        return
    print(f"{packed.path}: {size / 1e6:.1f} MB, including {weights / 1e6:.1f} MB of weights")
    for role, numbers in changes.items():
        print(
            "  {:<10}  AUC {auc:.4f} -> {packed_auc:.4f}  changed decisions {changed_decisions} of {images}  "
            "largest change {largest_change:.4f}".format(role, **numbers)
        )


def _record_changes(run: Run, stage: int, rule: str) -> dict:
    """Fields of the packed model's record that differ: threshold by a rule, and metrics at it."""
    tables = {split: run.results.predictions(stage, split) for split in ("validation", "test")}
    predictions = {
        split: Predictions.of(split, table) for split, table in tables.items() if table is not None
    }
    if "validation" not in predictions:
        return {}
    point = find_point(rule, predictions["validation"].labels, predictions["validation"].probabilities)
    metrics = {
        split: evaluate(item.labels, item.probabilities, point.threshold)
        for split, item in predictions.items()
    }
    return {"threshold": point.threshold, "threshold_rule": point.rule, "evaluation": metrics}


def _packing_changes(run: Run, packed: Run, stage: int) -> dict[str, dict]:
    """How packing changes the predictions, by role; {} if the data set is not available."""
    try:
        dataset = open_dataset(run.settings().data, Bar("Decoding", "image"))
    except UserError:
        return {}
    original, compressed = (load_predictor(item.weights_path(stage)) for item in (run, packed))
    threshold = compressed.record.threshold
    rows_of, changes = rows_by_role(dataset, run.settings()), {}
    for role in ("validation", "test"):
        rows = rows_of[role]
        if not len(rows):
            continue
        labels = dataset.labels[rows]
        before, after = (
            predictor.probabilities(predictor.framed(dataset)[rows]) for predictor in (original, compressed)
        )
        changes[role] = {
            "images": len(rows),
            "auc": evaluate(labels, before)["auc"],
            "packed_auc": evaluate(labels, after)["auc"],
            "changed_decisions": int(((before >= threshold) != (after >= threshold)).sum()),
            "largest_change": float(abs(before - after).max()),
        }
    return changes


def _with_old_keys(changes: dict[str, dict]) -> dict[str, dict]:
    return {role: old_names.with_both(numbers, old_names.PACK) for role, numbers in changes.items()}


def _recorded_scaling(file: Path) -> str | None:
    """The input scaling that the file records, that its model applies, or the only one of its backbone."""
    record, foreign = describe_foreign_model(file)
    if record.run or record.backbone != VGG19.name:
        return record.scaling
    return foreign.scaling or None


def _detect_scaling(path: Path, dataset: Dataset, run: Run) -> str:
    """Find the scaling with the lower loss on validation, and record it in the file."""
    rows = rows_by_role(dataset, run.settings())["validation"]
    rows = rows[:: max(1, len(rows) // MAX_SCALING_IMAGES)]
    losses = {}
    for scaling in SCALINGS:
        update_record(path, scaling=scaling)
        predictor = load_predictor(path)
        probabilities = predictor.probabilities(predictor.framed(dataset)[rows])
        losses[scaling] = evaluate(dataset.labels[rows], probabilities)["loss"]
    best = min(losses, key=lambda scaling: losses[scaling])
    update_record(path, scaling=best)
    run.write_facts({**run.facts(), "scaling": best})
    return best


def _evaluate(run: Run, stage: int, dataset: Dataset) -> None:
    """Write predictions and metrics on validation and test, as training does."""
    predictor = load_predictor(run.weights_path(stage))
    metrics = {}
    rows_of = rows_by_role(dataset, run.settings())
    for role in ("validation", "test"):
        rows = rows_of[role]
        if not len(rows):
            continue
        probabilities = predictor.probabilities(predictor.framed(dataset)[rows])
        metrics[role] = evaluate(dataset.labels[rows], probabilities)
        run.results.write_predictions(
            stage, role, describe_images(dataset, rows).assign(probability=probabilities)
        )
    facts = {"data": dataset.root.name, "synthetic": dataset.synthetic, "fingerprint": dataset.fingerprint}
    run.write_facts({**run.facts(), **facts})
    run.results.write_evaluation(stage, metrics)
