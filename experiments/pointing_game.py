"""The pointing game on synthetic chest images whose opacity is known.

python -m experiments.pointing_game RUN

Source: Zhang et al., "Top-down neural attention by excitation backprop", IJCV 2018: a heat map hits if its
peak lies in the object, here where the opacity has at least half of its maximum brightness. The last figure
of each line is how often a random peak within the lungs would hit.
"""

from typing import NamedTuple

import click
import numpy as np

from core.dataset.synthetic import SIDE, draw_chest_parts
from core.images import Image
from core.inference import Reader
from core.runs import open_run
from experiments.percentages import interval

IMAGES = 200
SEED = 77  # no image of any set is drawn with this seed
CAUSES = ("bacteria", "virus")
MIN_BRIGHTNESS = 0.5  # of the opacity's maximum
LUNGS = (slice(SIDE // 5, 4 * SIDE // 5), slice(SIDE // 8, 7 * SIDE // 8))


class Outcome(NamedTuple):
    """Whether the peak hits, whether pneumonia is predicted, and the probability of a hit by chance."""

    hit: bool
    pneumonia: bool
    chance: float


@click.command()
@click.argument("name", metavar="RUN")
def main(name: str) -> None:
    """Play the game with the heat maps of each stage of a run that was trained on a synthetic set."""
    run = open_run(name)
    for stage in sorted(map(int, run.results.evaluation())):
        reader = Reader(run.weights_path(stage))
        for cause in CAUSES:
            random = np.random.default_rng(SEED)
            outcomes = [_play(reader, random, cause) for _ in range(IMAGES)]
            hits, pneumonia, chances = map(np.array, zip(*outcomes, strict=True))
            print(
                f"stage {stage}, {cause}: {hits.sum()} of {IMAGES} peaks in the opacity, {hits.mean():.1%} "
                f"({interval(int(hits.sum()), IMAGES)}); pneumonia predicted {pneumonia.sum()}; by chance "
                f"{chances.mean():.1%}"
            )


def _play(reader: Reader, random: np.random.Generator, cause: str) -> Outcome:
    chest = draw_chest_parts(random, cause)
    (reading,) = reader.read([Image("synthetic", chest.pixels, "")], heat_map=True, anyway=True)
    assert reading.heat_map is not None  # it was requested
    inside = chest.opacity >= MIN_BRIGHTNESS * chest.opacity.max()
    heat = reading.heat_map.over(chest.pixels)
    peak = np.unravel_index(int(heat.argmax()), heat.shape)
    hit = bool(heat.max() > 0 and inside[peak])
    return Outcome(hit, reading.prediction.label == "PNEUMONIA", float(inside[LUNGS].mean()))


if __name__ == "__main__":
    main()
