"""`predict`: results for image files."""

from functools import partial
from pathlib import Path

import click

from core.cli.output import as_json, precision, print_json
from core.errors import UserError
from core.evaluation import percent
from core.images import read_image, shown
from core.inference import AvailableModel, Reader, file_results
from core.registry import active_model, missing_model

model_option = click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Weights file (.h5); by default the active model.",
)


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@model_option
@click.option("--heatmap", is_flag=True, help="Add the heat map as a PNG in base64 (with --json).")
@click.option(
    "--sharper-heatmap", is_flag=True, help="Add the sharper heat map, drawn in the lungs only, likewise."
)
@click.option(
    "--opinions", is_flag=True, help="Add second opinions: shifted and mirrored copies, and the other stages."
)
@click.option("--anyway", is_flag=True, help="Also give results for images that the model cannot judge.")
@precision
@as_json
def predict(
    files: tuple[Path, ...],
    model: Path | None,
    heatmap: bool,
    sharper_heatmap: bool,
    opinions: bool,
    anyway: bool,
    precision: str,
    as_json: bool,
) -> int:
    """Predict the probability of pneumonia for each FILE.

    A file that cannot be read does not affect the others. With --opinions, the other stages' weights are read
    from the model's folder. The exit code is 1 if a file has no result.
    """
    reader = Reader(model, precision) if model else Reader.of(default_model(), precision)
    loaders = [(shown(file), partial(read_image, file)) for file in files]
    output = file_results(
        reader, loaders, heat_map=heatmap, sharper=sharper_heatmap, second_opinion=opinions, anyway=anyway
    )
    if as_json:
        print_json(output["results"])
    else:
        for result in output["results"]:
            _print(result)
        print(f"Model: {reader.identity}")
        print(output["notice"])
    return 1 if any("error" in result for result in output["results"]) else 0


def _print(result: dict) -> None:
    """One result for people."""
    if "error" in result:
        outcome = "no result" if "withheld" in result else "unreadable"
        print(f"{outcome:>10}          {result['file']}: {result['error']}")
        return
    label = result.get("finding", result["label"])
    score = "" if result["calibrated"] is None else percent(result["calibrated"])
    print(f"{label:>10}  {score:>6}  {result['file']}")
    if zone := result.get("zone"):
        print(f"{'':>20}Zone: {zone}")
    if note := result.get("score_note"):
        print(f"{'':>20}{note}")
    if "member_lowest" in result:
        print(f"{'':>20}Members: {percent(result['member_lowest'])} to {percent(result['member_highest'])}")
    if similar := result.get("similar_test_images"):
        print(
            f"{'':>20}Test images with the nearest probabilities: {similar['with_pneumonia']} of "
            f"{similar['images']} have pneumonia."
        )
    for warning in result["warnings"]:
        print(f"{'':>20}{warning}")


def default_model() -> AvailableModel:
    """The active model, which is used if no weights file is given.

    Raises:
        UserError: there is none.
    """
    active = active_model()
    if active is None:
        raise UserError(f"{missing_model()} Or name a weights file with --model.")
    return active.model
