"""`python -m benchmarks.stability RUN`: what the finding UNCERTAIN is worth on a run's films.

A film is uncertain when two of eight small changes of it change the answer. If that tells anything, answers
that are not uncertain are right more often than all are.
"""

import click
import numpy as np

from core.dataset import open_dataset, rows_by_role
from core.diagnosis import load_predictor
from core.diagnosis.opinions import MOST_OTHERWISE, changed
from core.evaluation import wilson
from core.runs import open_run


@click.command()
@click.argument("run")
@click.option("--stage", "stages", type=int, multiple=True, help="Stages; all without it.")
def main(run: str, stages: tuple[int, ...]) -> None:
    """Look at every film nine times."""
    found = open_run(run)
    dataset = open_dataset(found.settings().data)
    roles = rows_by_role(dataset, found.settings())
    for stage in stages or sorted(map(int, found.evaluation())):
        predictor = load_predictor(found.weights_path(stage))
        threshold = predictor.record.threshold
        for role in ("validation", "test"):
            labels = dataset.labels[roles[role]] == 1
            films = dataset.pixels[roles[role]]
            called = predictor.probabilities(films) >= threshold
            others = np.stack([predictor.probabilities(changed(film)) >= threshold for film in films])
            unsure = (others != called[:, np.newaxis]).sum(axis=1) > MOST_OTHERWISE
            right = called == labels
            print(f"stage {stage}, {role}: {_share(unsure, 'uncertain')}; {_share(right, 'right')}")
            print(f"  {_share(right[~unsure], 'right of the others')}")
            if unsure.any():
                print(f"  {_share(right[unsure], 'right of the uncertain')}")


def _share(mask: np.ndarray, what: str) -> str:
    low, high = wilson(int(mask.sum()), len(mask))
    return f"{what} {int(mask.sum())} of {len(mask)}, {mask.mean():.1%} ({low:.1%} to {high:.1%})"


if __name__ == "__main__":
    main()
