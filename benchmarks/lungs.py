"""`python -m benchmarks.lungs`: how long it takes to find the lungs of one image, and of many at once."""

import time
from statistics import median

import click
import numpy as np

from core.anatomy import LungFinder
from core.config import lung_weights, processor
from core.dataset import draw_chest
from core.images import Image

TOGETHER = 32  # images in a batch


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=20, show_default=True, help="Measurements of each.")
@click.option("--threads", type=int, default=0, help="Threads to compute with; 0 for one per core.")
def main(rounds: int, threads: int) -> None:
    """Measure from decoded images of 256 x 256 pixels to lungs with box, areas and quality; medians."""
    images = [
        Image("", draw_chest(np.random.default_rng([7, number]), "none"), "") for number in range(TOGETHER)
    ]
    finder = LungFinder(lung_weights(), threads)
    alone = _median_seconds(finder, images[:1], rounds)
    together = _median_seconds(finder, images, rounds)
    print(f"{processor.name()}, float32, {threads or 'all'} threads")
    print(f"one image      {1000 * alone:.1f} ms")
    print(f"batches of {TOGETHER}  {TOGETHER / together:.0f} images/s")


def _median_seconds(finder: LungFinder, images: list[Image], rounds: int) -> float:
    finder.find(images)  # the first one prepares the network for this number of images
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        finder.find(images)
        seconds.append(time.perf_counter() - began)
    return median(seconds)


if __name__ == "__main__":
    main()
