"""Thumbnails of many images in one picture."""

import io

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from core.dataset.dataset import Dataset

THUMBNAIL = 96  # pixels a side
OUTLINE = (120, 255, 120)  # red, green, blue: as on the Diagnosis page


def sprite_sheet(
    dataset: Dataset, rows: np.ndarray, columns: int = 10, masks: np.ndarray | None = None
) -> bytes:
    """One JPEG that holds the thumbnails of some images, row by row, `columns` side by side.

    Args:
        dataset, rows: the images.
        columns: thumbnails in a line.
        masks: bool (rows, height, width); their outlines are drawn over the thumbnails.
    """
    lines = max(1, -(-len(rows) // columns))
    sheet = Image.new("L" if masks is None else "RGB", (columns * THUMBNAIL, lines * THUMBNAIL))
    for index, row in enumerate(rows):
        thumbnail = Image.fromarray(dataset.pixels[row]).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
        line, column = divmod(index, columns)
        corner = column * THUMBNAIL, line * THUMBNAIL
        sheet.paste(thumbnail, corner)
        if masks is not None:
            sheet.paste(OUTLINE, corner, _outline(masks[index]))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=85, subsampling=0)
    return buffer.getvalue()


def _outline(mask: np.ndarray) -> Image.Image:
    """The outermost pixels of a mask at the size of a thumbnail."""
    small = Image.fromarray(mask).convert("L").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.NEAREST)
    return ImageChops.subtract(small, small.filter(ImageFilter.MinFilter(3)))
