"""How stage 1 grows with the number of films: seconds and memory."""

from dataclasses import replace
from pathlib import Path

from benchmarks.films import part
from benchmarks.studio_way import train
from core.config import TrainingSettings
from core.dataset import Dataset

EPOCHS = 2


def measure(
    dataset: Dataset, settings: TrainingSettings, sizes: tuple[int, ...], scratch: Path
) -> list[dict]:
    """Train stage 1 on more and more films, one view each, with nothing kept from before.

    Returns:
        A dict for each size: images, seconds, peak_memory in bytes.
    """
    found = []
    for size in sizes:
        folder = part(dataset, scratch / f"films-{size}", size, 32)
        short = replace(settings, data=str(folder), stages=(1,), views=1, epochs=EPOCHS, seed=size)
        run = train(short, scratch, scratch / "growth")
        found.append({"images": run.training, "seconds": run.seconds, "peak_memory": run.peak_memory})
    return found
