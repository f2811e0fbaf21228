"""A clickable grid of images; a hundred calls of `st.image` would take a second."""

import base64
from collections.abc import Mapping

import numpy as np

from core.dataset import Colour, Dataset, sprite_sheet
from pages.shared.component import component

COLUMNS = 10
CSS = """
.image-grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 6px; }
.image-tile {
  border: 0; padding: 0; background: none; color: inherit; cursor: pointer; text-align: left; min-width: 0;
}
.image-tile span { display: block; aspect-ratio: 1; border-radius: 4px; }
.image-tile small {
  display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  font-size: 0.7rem; opacity: 0.75;
}
.image-tile:hover span, .image-tile:focus-visible span { outline: 2px solid var(--st-primary-color); }
"""


def image_grid(
    dataset: Dataset, rows: np.ndarray, captions: list[str], key: str, masks: Mapping[Colour, np.ndarray]
) -> int | None:
    """Draw the images; returns the row number of the one that was just clicked, else None.

    Args:
        dataset, rows: the images.
        captions: of the images.
        key: of the component.
        masks: bool (rows, height, width) by the colour in which their outlines are drawn.
    """
    sheet = base64.b64encode(sprite_sheet(dataset, rows, COLUMNS, masks)).decode()
    paths = dataset.table["path"].iloc[rows]
    images = [
        {"row": int(row), "path": path, "caption": caption}
        for row, path, caption in zip(rows, paths, captions, strict=True)
    ]
    data = {
        "sprite": f"data:image/jpeg;base64,{sheet}",
        "columns": COLUMNS,
        "lines": max(1, -(-len(rows) // COLUMNS)),
        "images": images,
    }
    grid = component(__file__, CSS)(data=data, key=key, on_clicked_change=lambda: None)
    return grid.clicked
