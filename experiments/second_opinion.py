"""How informative the finding UNCERTAIN is for a run's images.

python -m experiments.second_opinion RUN

An image is UNCERTAIN if the result changes in at least two of its eight shifted or mirrored copies. If that
is informative, accuracy is higher on the other images than on all of them.
"""

import click
import numpy as np

from core.dataset import open_dataset, rows_by_role
from core.inference import load_predictor
from core.inference.stability import MAX_CHANGED, copies
from core.runs import open_run
from experiments.percentages import interval

SPLITS = ("validation", "test")


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--stage", "stages", type=int, multiple=True, help="Stages; default: all.")
def main(name: str, stages: tuple[int, ...]) -> None:
    """Predict every image and its eight copies; print accuracy with and without the UNCERTAIN images."""
    run = open_run(name)
    dataset = open_dataset(run.settings().data)
    rows = rows_by_role(dataset, run.settings())
    for stage in stages or sorted(map(int, run.results.evaluation())):
        predictor = load_predictor(run.weights_path(stage))
        threshold = predictor.record.threshold
        for split in SPLITS:
            labels = dataset.labels[rows[split]] == 1
            images = predictor.framed(dataset)[rows[split]]
            positive = predictor.probabilities(images) >= threshold
            copies_positive = np.stack(
                [predictor.probabilities(copies(image)) >= threshold for image in images]
            )
            changed = (copies_positive != positive[:, np.newaxis]).sum(axis=1)
            uncertain = changed > MAX_CHANGED
            correct = positive == labels
            print(f"stage {stage}, {split}: {_share(uncertain, 'uncertain')}; {_share(correct, 'correct')}")
            print(f"  {_share(correct[~uncertain], 'correct, not uncertain')}")
            if uncertain.any():
                print(f"  {_share(correct[uncertain], 'correct, uncertain')}")


def _share(mask: np.ndarray, title: str) -> str:
    """Count and share of the set items, with Wilson's interval."""
    count = int(mask.sum())
    return f"{title} {count} of {len(mask)}, {mask.mean():.1%} ({interval(count, len(mask))})"


if __name__ == "__main__":
    main()
