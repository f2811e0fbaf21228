"""How duration and memory of stage 1 scale with the number of images."""

from dataclasses import replace
from pathlib import Path

from benchmarks.images import copy_subset
from benchmarks.studio_way import train
from core.config import TrainingSettings
from core.dataset import Dataset

EPOCHS = 2
TEST_IMAGES = 32


def measure(
    dataset: Dataset, settings: TrainingSettings, sizes: tuple[int, ...], scratch: Path
) -> list[dict]:
    """Train stage 1 on more and more images, one view each, with nothing cached.

    Args:
        dataset: to take the images from.
        settings: of the runs, apart from data, stages, views, epochs and seed.
        sizes: numbers of images.
        scratch: folder for images, runs and weights.

    Returns:
        A dict for each size: images, seconds, peak_memory in bytes.
    """
    rows = []
    for size in sizes:
        folder = copy_subset(dataset, scratch / f"images-{size}", size, TEST_IMAGES)
        short = replace(settings, data=str(folder), stages=(1,), views=1, epochs=EPOCHS, seed=size)
        run = train(short, scratch, scratch / "growth")
        rows.append({"images": run.training, "seconds": run.seconds, "peak_memory": run.peak_memory})
    return rows
