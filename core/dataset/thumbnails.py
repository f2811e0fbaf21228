"""Thumbnails of many images in one picture."""

import io

import numpy as np
from PIL import Image

from core.dataset.dataset import Dataset

THUMBNAIL = 96  # pixels a side


def sprite_sheet(dataset: Dataset, rows: np.ndarray, columns: int = 10) -> bytes:
    """One JPEG that holds the thumbnails of some images, row by row, `columns` side by side."""
    lines = max(1, -(-len(rows) // columns))
    sheet = Image.new("L", (columns * THUMBNAIL, lines * THUMBNAIL))
    for index, row in enumerate(rows):
        thumbnail = Image.fromarray(dataset.pixels[row]).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
        line, column = divmod(index, columns)
        sheet.paste(thumbnail, (column * THUMBNAIL, line * THUMBNAIL))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
