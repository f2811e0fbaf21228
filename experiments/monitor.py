"""How often the monitor's light turns red while nothing changes, and how soon once something does.

python -m experiments.monitor FOLDER

The bundled model reads the same images as they are and changed, as the Diagnosis page does, into audit logs.
Then each of many imagined hospitals draws 100 first results, a block of 50 as before, and two blocks of
images of which all, half or a fifth are changed. No image is in two of these.
"""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import pandas as pd

from core.database import open_database
from core.images import Image, read_image
from core.inference import AuditLog, Reader, Reading, bundled_models
from core.monitor.log_rows import NUMBERS
from core.monitor.signals import find_signals
from core.monitor.watch import BASELINE, BLOCK, Watch, watch

SEED = 40
SHARES = (1.0, 0.5, 0.2)  # of a block that is changed
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nothing": lambda pixels: pixels,
    "inverted": lambda pixels: 255 - pixels,
    "upside down": lambda pixels: np.ascontiguousarray(pixels[::-1]),
}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--images", default=250, show_default=True, help="Images to read, each with every change.")
@click.option("--hospitals", default=400, show_default=True, help="Imagined hospitals for each change.")
@click.option("--rows", "length", default=1_000_000, show_default=True, help="Results in the long log.")
def main(folder: Path, images: int, hospitals: int, length: int) -> None:
    """Read the images, then print for each change how often the light turned."""
    random = np.random.default_rng(SEED)
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".jpeg", ".jpg", ".png"))
    chosen = [files[number] for number in random.permutation(len(files))[:images]]
    model = bundled_models()[-1]
    with TemporaryDirectory() as scratch:
        _time(AuditLog(Path(scratch) / "long.sqlite"), length)
        logged = {
            name: read_changed(Reader.of(model), chosen, change, Path(scratch) / f"{number}.sqlite")
            for number, (name, change) in enumerate(CHANGES.items())
        }
    for name, rows in logged.items():
        print(
            f"{name}: pneumonia found {(rows['finding'] == 'Pneumonia').mean():.0%}, withheld "
            f"{rows['probability'].isna().mean():.0%}, warned {rows['warned'].mean():.0%}, brightness "
            f"{rows['brightness'].mean():.0f}"
        )
    for name, rows in logged.items():
        for share in SHARES[:1] if name == "nothing" else SHARES:
            lights = [_lights(logged["nothing"], rows, share, random) for _ in range(hospitals)]
            for blocks, seen in zip((1, 2, 3), np.transpose(lights), strict=True):
                counts = {light: f"{(seen == light).mean():.1%}" for light in ("red", "amber")}
                print(f"{name}, {share:.0%} of the last {blocks - 1} of {blocks} blocks: {counts}")


def read_changed(
    reader: Reader, files: list[Path], change: Callable[[np.ndarray], np.ndarray], path: Path
) -> pd.DataFrame:
    """The log of images that were changed.

    Args:
        reader: the model.
        files: the images.
        change: of their pixels.
        path: of the log, which is written.
    """
    log = AuditLog(path)

    def changed(file: Path) -> Image:
        image = read_image(file)
        return replace(image, pixels=change(image.pixels))

    for batch in reader.read_files([lambda file=file: changed(file) for file in files], heat_map=True):
        for reading in batch:
            if isinstance(reading, Reading):
                log.add_result(reading, reader.record, reader.identity)
    return log.results().astype(dict.fromkeys(NUMBERS, float))


def _time(log: AuditLog, count: int) -> None:
    """Print the processor time of the monitor on a log of so many results, a hundred a day."""
    random, now = np.random.default_rng(SEED), time.time()
    days, columns = (
        count / 100,
        "time, sha256, run, stage, finding, probability, threshold, rule, model, warned",
    )
    log.results()  # creates it
    rows = (
        (
            now - 86_400 * days * (1 - number / count),
            "0" * 64,
            "r",
            3,
            "No pneumonia",
            score,
            0.5,
            "half",
            "r/3",
            0,
        )
        for number, score in enumerate(random.random(count))
    )
    with closing(open_database(log.path, "")) as database, database:
        marks = ", ".join("?" * len(columns.split(", ")))
        database.executemany(f"INSERT INTO answers ({columns}) VALUES ({marks})", rows)
    watch("r/3", log)  # imports
    before = time.process_time()
    watch("r/3", log)
    print(f"{count:,} results: {time.process_time() - before:.2f} s of processor time")


def _lights(
    before: pd.DataFrame, after: pd.DataFrame, share: float, random: np.random.Generator
) -> tuple[str, ...]:
    """The light after the block without a change, after one block and after two with changed images."""
    order = random.permutation(len(before))
    baseline = before.iloc[order[:BASELINE]]
    blocks = [before.iloc[order[BASELINE : BASELINE + BLOCK]]]
    for start in (BASELINE + BLOCK, BASELINE + 2 * BLOCK):
        rows = order[start : start + BLOCK]
        count = round(share * BLOCK)
        blocks.append(pd.concat([after.iloc[rows[:count]], before.iloc[rows[count:]]]))
    for number, block in enumerate(blocks):
        block.index = pd.RangeIndex(BASELINE + number * BLOCK + 1, BASELINE + (number + 1) * BLOCK + 1)
    return tuple(Watch("", None, find_signals(baseline, blocks[:count])).light for count in (1, 2, 3))


if __name__ == "__main__":
    main()
