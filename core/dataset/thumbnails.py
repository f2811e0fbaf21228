"""Thumbnails of many images in one picture."""

import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from core.dataset.dataset import Dataset
from core.dataset.outlines import Colour, outlined

THUMBNAIL = 96  # pixels a side


def sprite_sheet(
    dataset: Dataset, rows: np.ndarray, columns: int, masks: Mapping[Colour, np.ndarray]
) -> bytes:
    """One JPEG that holds the thumbnails of some images, row by row, `columns` side by side.

    Args:
        dataset, rows: the images.
        columns: thumbnails in a line.
        masks: bool (rows, height, width) by the colour in which their outlines are drawn.
    """
    lines = max(1, -(-len(rows) // columns))
    sheet = Image.new("RGB" if masks else "L", (columns * THUMBNAIL, lines * THUMBNAIL))
    for index, row in enumerate(rows):
        thumbnail = Image.fromarray(dataset.pixels[row]).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
        line, column = divmod(index, columns)
        masks_of_image = {colour: of_images[index] for colour, of_images in masks.items()}
        picture = outlined(np.asarray(thumbnail), masks_of_image)
        sheet.paste(picture, (column * THUMBNAIL, line * THUMBNAIL))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=85, subsampling=0)
    return buffer.getvalue()
