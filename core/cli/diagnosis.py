"""`predict` and `reference`: answers for image files, and what they are checked against."""

from functools import partial
from pathlib import Path

import click

from core.cli.output import Bar, as_json, precision, print_json
from core.config import STAGES
from core.dataset import open_dataset
from core.diagnosis import answer_files, available_models, keep_reference, load_predictor
from core.errors import UserError
from core.images import read
from core.runs import open_run

model_option = click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Weights file (.h5); if not given, the last stage that was trained, or what came with the studio.",
)


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@model_option
@click.option("--heatmap", is_flag=True, help="Add where the model looked, as a PNG in base64 (with --json).")
@click.option("--opinions", is_flag=True, help="Add what small changes of the film and the other stages say.")
@click.option("--anyway", is_flag=True, help="Answer for films that the model cannot judge, too.")
@precision
@as_json
def predict(
    files: tuple[Path, ...],
    model: Path | None,
    heatmap: bool,
    opinions: bool,
    anyway: bool,
    precision: str,
    as_json: bool,
) -> int:
    """Probability of pneumonia for each FILE. One that cannot be read never spoils the others.

    The other stages are looked for beside the model. Exit code 1 when a file got no answer.
    """
    model = model or default_model()
    beside = {stage.number: model.with_name(stage.file) for stage in STAGES.values()} if opinions else {}
    number = next((number for number, path in beside.items() if path == model), 0)
    paths = {number: path for number, path in beside.items() if path.exists()} | {number: model}
    predictors = {stage: load_predictor(path, precision) for stage, path in paths.items()}
    readers = [(str(file), partial(read, file)) for file in files]
    answer = answer_files(readers, predictors, number, heatmap, opinions, anyway)
    if as_json:
        print_json(answer["results"])
    else:
        for result in answer["results"]:
            if "error" in result:
                what = "no answer" if "withheld" in result else "unreadable"
                print(f"{what:>10}          {result['file']}: {result['error']}")
                continue
            label = result.get("finding", result["label"])
            print(f"{label:>10}  {result['calibrated']:6.1%}  {result['file']}")
            for warning in result["warnings"]:
                print(f"{'':>20}{warning}")
        print(answer["notice"])
    return 1 if any("error" in result for result in answer["results"]) else 0


def default_model() -> Path:
    """The weights that answer when none are named."""
    models = available_models()
    if not models:
        raise UserError("There is no trained model. Train one, or give a weights file by --model.")
    return models[-1].path


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--runs", "folder", type=click.Path(path_type=Path), help="Folder that keeps the runs.")
def reference(run: str, folder: Path | None) -> None:
    """Keep the training films of RUN as its models see them.

    Training does it by itself since answers are checked against them; runs from before need it once.
    """
    found = open_run(run, folder)
    dataset = open_dataset(found.settings().data, Bar("Decoding", "image"))
    for stage in sorted(map(int, found.evaluation())):
        keep_reference(found, stage, dataset, Bar(f"Stage {stage}", "image"))
    print(f"Kept in {found.path / 'references'}")
