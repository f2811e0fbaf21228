"""Lung masks drawn by people, read beside the images that they belong to, and their two sides.

Three layouts: an `.npz` with `files` (paths relative to the data set) and `masks` (uint8, one row of packed
bits for each square mask); a folder of PNGs in the layout of the data set; and a folder of images, each
`NAME.jpg` beside its `NAME_lungs.png`.
"""

import csv
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isqrt
from pathlib import Path, PurePosixPath
from typing import cast

import cv2
import numpy as np

from core.errors import UserError
from core.images import IMAGE_SUFFIXES, ImageError, PassedOver, read_image, shown, stored_path, walk_folder
from core.sentence import Sentence

RIGHT, LEFT = 1, 2  # values of a map of sides: the patient's right and left lung
PAIRED = "_lungs.png"  # ending of a mask beside its image
NO_IMAGE, TWICE, NOT_PNG = "no image of this path", "listed twice", "not a PNG"  # reasons to pass a file over
GREY = slice(32, 224)  # levels that are neither black nor white
MAX_GREY = 0.1  # share of such pixels in a mask with soft edges
MAIN_PIECE = 0.1  # area of a lung as a share of the larger one, at least
TOUCHING_ASPECT = 0.8  # width by height from which one piece is two lungs that touch


@dataclass(frozen=True)
class MaskSet:
    """Masks by the path of their image.

    Attributes:
        read: from path, relative to the data set with forward slashes, to mask, bool (height, width).
        paths: for which there is a mask.
        passed_over: what else the source holds.
    """

    read: Callable[[str], np.ndarray]
    paths: frozenset[str]
    passed_over: PassedOver = field(default_factory=PassedOver)


def open_masks(source: str | Path, paths: list[str]) -> MaskSet:
    """The masks of the images of a data set.

    Args:
        source: `.npz` file or folder of PNGs in the data set's layout, named like the images.
        paths: of the images, relative to the data set.

    Raises:
        UserError: there is no such source, it has another layout, or no mask for any of the images.
    """
    source = stored_path(Path(source).expanduser())
    if not source.exists():
        raise UserError(
            Sentence("{source} does not exist. Name an .npz file or a folder of masks.", source=shown(source))
        )
    masks = _masks_in_folder(source, paths) if source.is_dir() else _masks_in_file(source, paths)
    if not masks.paths:
        example = PurePosixPath(paths[0] if paths else "train/NORMAL/IM-0115-0001.jpeg")
        expected = example.with_suffix(".png") if source.is_dir() else example
        sentence = Sentence(
            "{source} has no mask for any of the {count:,} images. Masks are found by path, such as "
            "{expected}.",
            source=shown(source),
            count=len(paths),
            expected=expected,
        )
        raise UserError(with_passed_over(sentence, masks.passed_over))
    return masks


def with_passed_over(sentence: Sentence, passed_over: PassedOver) -> Sentence:
    """A sentence on a source of masks, and what was passed over there."""
    files = " ".join(passed_over.sentences())
    return Sentence("{sentence} {files}", sentence=sentence, files=files) if files else sentence


def _masks_in_file(source: Path, paths: list[str]) -> MaskSet:
    try:
        with np.load(source, allow_pickle=False) as file:
            names, packed = file["files"], file["masks"]
        side = isqrt(packed.shape[1] * 8)
        if packed.dtype != np.uint8 or len(names) != len(packed) or side * side != packed.shape[1] * 8:
            raise ValueError("other arrays")
    except (
        OSError,
        EOFError,
        ValueError,
        TypeError,  # a single array, or one without rows
        KeyError,
        IndexError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise UserError(
            Sentence(
                "{file} does not hold lung masks: it needs the arrays `files`, paths of images, and `masks`, "
                "uint8 rows of packed bits of square masks.",
                file=shown(source.name),
            )
        ) from error
    rows, images, passed_over = {}, set(paths), PassedOver()
    for row, name in enumerate(map(str, names)):
        if name in rows or name not in images:
            passed_over.add(TWICE if name in rows else NO_IMAGE, shown(name))
        else:
            rows[name] = row

    def read(path: str) -> np.ndarray:
        return np.unpackbits(packed[rows[path]]).reshape(side, side).astype(bool)

    return MaskSet(read, frozenset(rows), passed_over)


def _masks_in_folder(source: Path, paths: list[str]) -> MaskSet:
    images: dict[str, list[str]] = {}  # several where only their suffixes differ
    for path in paths:
        images.setdefault(str(PurePosixPath(path).with_suffix("")), []).append(path)
    files, passed_over = {}, PassedOver()
    for folder, names in walk_folder(source, passed_over):
        for path in (folder / name for name in names):
            below = PurePosixPath(shown(path.relative_to(source)))
            if path.suffix.lower() != ".png":
                passed_over.add(NOT_PNG, str(below))
            elif (image := str(below.with_suffix(""))) in images:
                files.update(dict.fromkeys(images[image], path))
            else:
                passed_over.add(NO_IMAGE, str(below))
    return MaskSet(lambda path: read_mask(files[path]), frozenset(files), passed_over)


def read_mask(path: Path) -> np.ndarray:
    """A mask from an image file, bool (height, width): true where it is white, or 1 if it holds 0 and 1 only.

    Raises:
        ImageError: it cannot be read, or shows grey levels.
    """
    pixels = read_image(path).pixels
    levels = np.bincount(pixels.ravel(), minlength=256)
    if levels[GREY].sum() > MAX_GREY * pixels.size:
        raise ImageError(f"{shown(path.name)} shows grey levels; a mask is black, and white where lung is.")
    return pixels >= (128 if levels[2:].any() else 1)


@dataclass(frozen=True)
class Pair:
    """An image beside its mask.

    Attributes:
        image, mask: files.
        patient: from the folder's labels.csv, else the file's name.
    """

    image: Path
    mask: Path
    patient: str


def list_pairs(folder: str | Path) -> list[Pair]:
    """The images of a folder that have a mask beside them, by name.

    Raises:
        UserError: there is none.
    """
    folder = Path(folder)
    patients = _patients(folder / "labels.csv")
    pairs = [
        Pair(image, mask, patients.get(image.name) or image.name)
        for image in sorted(folder.glob("*"))
        if image.suffix.lower() in IMAGE_SUFFIXES and (mask := folder / f"{image.stem}{PAIRED}").is_file()
    ]
    if not pairs:
        raise UserError(f"{folder} holds no image NAME.jpg with its mask NAME{PAIRED} beside it.")
    return pairs


def _patients(table: Path) -> dict[str, str]:
    if not table.is_file():
        return {}
    try:
        with open(table, encoding="utf-8", newline="") as file:
            return {row["file"]: row["patient"] for row in csv.DictReader(file)}
    except (KeyError, ValueError, OSError) as error:
        raise ImageError(f"{table} needs the columns file and patient.") from error


def sides(mask: np.ndarray) -> np.ndarray:
    """Which lung each pixel of a mask belongs to, uint8: 0 none, `RIGHT` or `LEFT`.

    The patient's right lung is on the left of an upright frontal image. The two largest pieces are the
    lungs, smaller ones belong to the nearer of them; lungs that touch are parted where the mask is lowest.

    Args:
        mask: bool (height, width) of both lungs of an upright image.
    """
    from scipy import ndimage  # imported lazily: it takes half a second

    result = np.zeros(mask.shape, np.uint8)
    pieces, count = connected_pieces(mask)
    if not count:
        return result
    areas = np.bincount(pieces.ravel())[1:]
    order = np.argsort(-areas)
    centres = cast(list[tuple[float, float]], ndimage.center_of_mass(mask, pieces, range(1, count + 1)))
    columns = np.array([column for _, column in centres])
    if count > 1 and areas[order[1]] >= MAIN_PIECE * areas[order[0]]:
        border = columns[order[:2]].mean()
        side_of = np.where(columns < border, RIGHT, LEFT).astype(np.uint8)
        return np.concatenate([[np.uint8(0)], side_of])[pieces]
    return np.where(mask, np.where(np.arange(mask.shape[1]) < _parting(mask), RIGHT, LEFT), 0).astype(
        np.uint8
    )


def connected_pieces(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Number of the piece that each pixel belongs to, 0 outside, and how many pieces there are."""
    count, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    return pieces, count - 1


def _parting(mask: np.ndarray) -> int:
    """Column at which one piece is parted; beside it if it is one lung only."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    first, width = columns[0], columns[-1] - columns[0] + 1
    if width < TOUCHING_ASPECT * (rows[-1] - rows[0] + 1):
        return mask.shape[1] if first + width / 2 < mask.shape[1] / 2 else 0
    start = first + width // 3
    return start + int(mask[:, start : first + 2 * width // 3 + 1].sum(axis=0).argmin())
