"""Would an answer be better if it were the mean over changed films? The model that came along, on validation.

python -m benchmarks.averaging --data DATA

Validation films are asked as they are, and with a random frame of 70 to 100 % a side, since test films are
framed otherwise than these. Test is not read.
"""

from pathlib import Path

import click
import numpy as np

from benchmarks.films import changed_views
from core.config import Augmentation
from core.dataset import open_dataset
from core.diagnosis import load_predictor
from core.diagnosis.opinions import changed
from core.evaluation import delong, evaluate
from core.runs import shipped_runs
from core.study import Candidate

STAGE = 3
FRAMES = Augmentation.frames(0.3)
WAYS = {"asked once": [0], "with its mirror image": [0, 9], "with eight changes": list(range(9))}


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Data set.")
@click.option("--seed", default=7, show_default=True, help="Of the random frames.")
def main(data: Path, seed: int) -> None:
    """AUC and loss of one look, and of means over two and nine looks."""
    (run,) = shipped_runs()
    predictor = load_predictor(run.weights_path(STAGE))
    dataset = open_dataset(data)
    films = Candidate(run, STAGE).predictions("validation")
    labels = films.labels
    for name, strengths in {"as they are": None, "re-framed": FRAMES}.items():
        pixels = changed_views(dataset, films, strengths, seed)
        looks = np.stack([predictor.probabilities(_looks(film)) for film in pixels])
        print(f"{len(labels)} validation films, {name}:")
        once = looks[:, 0]
        for way, which in WAYS.items():
            answers = looks[:, which].mean(axis=1)
            found, gain = evaluate(labels, answers), delong(labels, once, answers)
            low, high = gain.interval
            print(
                f"  {way}: AUC {found['auc']:.4f} ({gain.value:+.4f}, {low:+.4f} to {high:+.4f}), "
                f"loss {found['loss']:.4f}",
                flush=True,
            )


def _looks(film: np.ndarray) -> np.ndarray:
    """A film, eight small changes of it, and its mirror image: uint8 (10, 128, 128)."""
    return np.concatenate([film[np.newaxis], changed(film), film[np.newaxis, :, ::-1]])


if __name__ == "__main__":
    main()
