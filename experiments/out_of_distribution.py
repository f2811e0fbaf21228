"""How often the out-of-distribution check withholds or warns, for chest images and for others.

python -m experiments.out_of_distribution RUN

Nothing here chooses a threshold: those were fixed on the run's validation images.
"""

import click
import numpy as np

from core.dataset import open_dataset, rows_by_role
from core.images import Image
from core.inference import Reader, Reading
from core.inference.orientation import ORIENTATIONS
from core.runs import Run, open_run
from experiments.other_images import DRAWINGS, MODIFICATIONS, natural_images
from experiments.percentages import interval

COUNT = 200  # images of each kind that shows no chest
REASONS = 2  # to print


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--stage", "stages", type=int, multiple=True, help="Stages; default: all.")
def main(name: str, stages: tuple[int, ...]) -> None:
    """Check test images, modified test images and other images with each stage of a run."""
    run = open_run(name)
    kinds = _images_by_kind(run)
    for stage in stages or sorted(map(int, run.results.evaluation())):
        reader = Reader(run.weights_path(stage))
        if reader.reference is None:
            raise click.ClickException(f"Run `python -m core reference {name}` first.")
        print(f"\n{reader.record.run}, stage {stage}: shares withheld and warned, most frequent reasons")
        for kind, arrays in kinds.items():
            images = [Image(kind, np.ascontiguousarray(pixels), "") for pixels in arrays]
            print(_line(kind, reader.read(images)))


def _images_by_kind(run: Run) -> dict[str, list[np.ndarray]]:
    """uint8 arrays of shape (height, width), by kind."""
    settings = run.settings()
    dataset = open_dataset(settings.data)
    test = dataset.pixels[rows_by_role(dataset, settings)["test"]]
    kinds = {kind: list(map(turn, test)) for kind, turn in ORIENTATIONS.items()}
    kinds |= {kind: [modify(image) for image in test] for kind, modify in MODIFICATIONS.items()}
    random = np.random.default_rng(0)
    kinds |= {kind: [draw(random) for _ in range(COUNT)] for kind, draw in DRAWINGS.items()}
    return kinds | {"natural images": list(natural_images(random, COUNT))}


def _line(kind: str, readings: list[Reading]) -> str:
    count = len(readings)
    withheld = sum(reading.withheld for reading in readings)
    warned = sum(bool(reading.checks) and not reading.withheld for reading in readings)
    reasons = [reading.checks[0].reason for reading in readings if reading.checks]
    frequent = sorted(set(reasons), key=reasons.count, reverse=True)[:REASONS]
    counts = ", ".join(f"{reason} {reasons.count(reason)}" for reason in frequent)
    return (
        f"  {kind:<22} n {count:>3}  withheld {withheld / count:6.1%}  warned {warned / count:6.1%}  "
        f"either {interval(withheld + warned, count)}  {counts}"
    )


if __name__ == "__main__":
    main()
