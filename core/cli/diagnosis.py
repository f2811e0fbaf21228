"""`predict`: answers for image files."""

from pathlib import Path

import click

from core.cli.output import as_json, precision, print_json
from core.diagnosis import load_predictor
from core.images import ImageError, read

BATCH = 32


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--model", required=True, type=click.Path(path_type=Path), help="Weights file (.h5).")
@precision
@as_json
def predict(files: tuple[Path, ...], model: Path, precision: str, as_json: bool) -> int:
    """Probability of pneumonia for each FILE. One that cannot be read never spoils the others.

    Exit code 1 when a file could not be read.
    """
    predictor = load_predictor(model, precision)
    answers = []
    for start in range(0, len(files), BATCH):
        answers += _answer(predictor, files[start : start + BATCH])
    if as_json:
        print_json(answers)
    else:
        for answer in answers:
            if "error" in answer:
                print(f"{'unreadable':>10}          {answer['file']}: {answer['error']}")
            else:
                print(f"{answer['label']:>10}  {answer['probability']:6.1%}  {answer['file']}")
        print("Research software, not a medical device.")
    return 1 if any("error" in answer for answer in answers) else 0


def _answer(predictor, files: tuple[Path, ...]) -> list[dict]:
    """Answers for a batch of files, in order."""
    films, errors = {}, {}
    for file in files:
        try:
            films[file] = read(file)
        except ImageError as error:
            errors[file] = str(error)
    found = dict(zip(films, predictor.predict(films.values()), strict=True)) if films else {}
    return [
        {"file": str(file), "error": errors[file]}
        if file in errors
        else {"file": str(file), "label": found[file].label, "probability": found[file].probability}
        for file in files
    ]
