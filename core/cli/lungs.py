"""`lungs`: where the lungs are in image files, and their masks as PNGs."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import numpy as np
import PIL.Image

from core import atomic
from core.anatomy import BATCH, Lungs, shared_lung_finder
from core.cli.output import as_json, percent, print_json
from core.errors import UserError
from core.images import IMAGE_SUFFIXES, Image, decode_ahead, read_image, shown


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--masks",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the masks: 8-bit PNGs of the images' size, 255 where lung is. Each has the name of its "
    "file; of several files with the same name, the second is NAME-2.png, and so on.",
)
@as_json
def lungs(files: tuple[Path, ...], masks: Path | None, as_json: bool) -> int:
    """Find the lungs in each FILE.

    For each file: bounding box, area of each lung, and quality. Right and left lung are the patient's: in an
    image shown as usual, the right lung is on the left. The box is left, top, right, bottom as shares of the
    width and the height; areas are shares of the image. The quality lists what speaks against the lungs; for
    an upright and whole frontal chest X-ray it is empty. The exit code is 1 if a file has no result.
    """
    results = list(_results(files, masks))
    if as_json:
        print_json(results)
    else:
        for result in results:
            _print(result)
    return 1 if any("error" in result for result in results) else 0


def _results(files: tuple[Path, ...], masks: Path | None) -> Iterator[dict]:
    """The result of each file as plain values; its mask is written if there is a folder for masks."""
    finder, names = shared_lung_finder(), iter(zip(files, _mask_names(files), strict=True))
    for batch in decode_ahead([partial(read_image, file) for file in files], BATCH):
        lungs_of_images = iter(finder.find([item for item in batch if isinstance(item, Image)]))
        for item in batch:
            file, mask_name = next(names)
            if isinstance(item, UserError):
                yield {"file": shown(file), "error": str(item)}
                continue
            lungs = next(lungs_of_images)
            result = {"file": shown(file), **lungs.values()}
            if masks:
                _write_mask(masks / mask_name, item, lungs)
                result["mask"] = str(masks / mask_name)
            yield result


def _mask_names(files: tuple[Path, ...]) -> list[str]:
    """A name for the mask of each file; none occurs twice, not even on systems that ignore case."""
    names, used = [], set()
    for file in files:
        stem = file.stem if file.suffix.lower() in IMAGE_SUFFIXES else file.name  # a UID ends in no suffix
        name, number = stem, 1
        while name.casefold() in used:
            number += 1
            name = f"{stem}-{number}"
        used.add(name.casefold())
        names.append(f"{name}.png")
    return names


def _write_mask(path: Path, image: Image, lungs: Lungs) -> None:
    mask = np.where(lungs.mask(image.height, image.width), np.uint8(255), np.uint8(0))
    with atomic.replacing(path) as temporary:
        PIL.Image.fromarray(mask).save(temporary)


def _print(result: dict) -> None:
    """One result for people."""
    if "error" in result:
        print(f"{result['file']}: {result['error']}")
        return
    print(result["file"])
    if result["box"]:
        left, top, right, bottom = result["box"]
        print(
            f"    box    {percent(left)} to {percent(right)} across, {percent(top)} to {percent(bottom)} down"
        )
        areas = f"right lung {percent(result['right_area'])}, left lung {percent(result['left_area'])}"
        print(f"    area   {areas} of the image")
    for remark in result["quality"]:
        print(f"    check  {remark}")
