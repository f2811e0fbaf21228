"""`python -m benchmarks.pointing RUN`: the pointing game on drawn chests whose opacity is known.

Source: Zhang et al., "Top-down neural attention by excitation backprop", IJCV 2018: a map hits when its peak
lies in the object. Here in the opacity where it is at least half as bright as at its brightest. A peak put
anywhere within the lungs would hit by chance as often as the last column says.
"""

import click
import numpy as np

from core.dataset.demo import SIDE, draw_with_opacity
from core.diagnosis import load_predictor
from core.evaluation import wilson
from core.images import Radiograph
from core.runs import open_run

FILMS = 200
HALF = 0.5
LUNGS = (slice(SIDE // 5, 4 * SIDE // 5), slice(SIDE // 8, 7 * SIDE // 8))


@click.command()
@click.argument("run")
def main(run: str) -> None:
    """Ask each stage of a run trained on the synthetic set where it looks."""
    found = open_run(run)
    for stage in sorted(map(int, found.evaluation())):
        predictor = load_predictor(found.weights_path(stage))
        for cause in ("bacteria", "virus"):
            random = np.random.default_rng(77)  # no film of any set is drawn from this seed
            hits, called, chance = [], 0, []
            for _ in range(FILMS):
                pixels, opacity = draw_with_opacity(random, cause)
                look = predictor.look([Radiograph("drawn", pixels, "")], heat=True)[0]
                called += look.prediction.label == "PNEUMONIA"
                inside = opacity >= HALF * opacity.max()
                heat = look.heat.over(pixels)
                peak = np.unravel_index(int(heat.argmax()), heat.shape)
                hits.append(bool(heat.max() > 0 and inside[peak]))
                chance.append(inside[LUNGS].mean())
            low, high = wilson(sum(hits), FILMS)
            print(
                f"stage {stage}, {cause}: {sum(hits)} of {FILMS} peaks in the opacity, {np.mean(hits):.1%} "
                f"({low:.1%} to {high:.1%}); called pneumonia {called}; by chance {np.mean(chance):.1%}"
            )


if __name__ == "__main__":
    main()
