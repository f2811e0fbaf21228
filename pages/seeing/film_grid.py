"""A grid of films that can be clicked; one `st.image` for each film takes a second for a hundred."""

import base64

import numpy as np

from core.dataset import Dataset
from core.dataset.browsing import sprite
from pages.component import component

COLUMNS = 10
CSS = """
.film-grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); gap: 6px; }
.film {
  border: 0; padding: 0; background: none; color: inherit; cursor: pointer; text-align: left; min-width: 0;
}
.film span { display: block; aspect-ratio: 1; border-radius: 4px; }
.film small {
  display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  font-size: 0.7rem; opacity: 0.75;
}
.film:hover span, .film:focus-visible span { outline: 2px solid var(--st-primary-color); }
"""


def film_grid(dataset: Dataset, rows: np.ndarray, captions: list[str], key: str) -> int | None:
    """Draw films; the row number of one that was clicked in this run, else None."""
    picture = base64.b64encode(sprite(dataset, rows, COLUMNS)).decode()
    paths = dataset.table["path"].iloc[rows]
    films = [
        {"row": int(row), "path": path, "caption": caption}
        for row, path, caption in zip(rows, paths, captions, strict=True)
    ]
    data = {
        "sprite": f"data:image/jpeg;base64,{picture}",
        "columns": COLUMNS,
        "lines": max(1, -(-len(rows) // COLUMNS)),
        "films": films,
    }
    drawn = component(__file__, CSS)(data=data, key=key, on_clicked_change=lambda: None)
    return drawn.clicked
