"""Outlines over the images of a data set, of lungs found and drawn, and what their colours mean."""

from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from core.anatomy import DatasetLungs, DrawnLungs
from core.dataset import DRAWN, FOUND, Colour, Dataset
from pages.shared.texts import _

MEANINGS = {FOUND: _("found by the network"), DRAWN: _("drawn by people")}
LEGEND = """
<style>
.outline-legend { font-size: 0.875rem; }
.outline-legend span { margin-left: 0.5em; white-space: nowrap; }
.outline-legend span::before {
  content: ""; display: inline-block; box-sizing: border-box; width: 1em; height: 1em; margin-right: 0.4em;
  vertical-align: -0.1em; border: 2px solid var(--outline); border-radius: 3px; background: #333;
}
</style>
<div class="outline-legend">{title}: {entries}</div>
"""
ENTRY = """
<span style="--outline: rgb{colour}">{meaning}</span>
"""


@dataclass(frozen=True)
class Outlines:
    """Whose lungs are outlined.

    Attributes:
        found: the lungs that the network finds, or None.
        drawn: those that people drew, or None.
    """

    found: DatasetLungs | None
    drawn: DrawnLungs | None

    def __bool__(self) -> bool:
        return self.found is not None or self.drawn is not None

    def of_images(self, dataset: Dataset, rows: np.ndarray) -> dict[Colour, np.ndarray]:
        """Masks of some images at 128 x 128, bool (rows, 128, 128), by colour."""
        masks = {}
        if self.drawn is not None:
            masks[DRAWN] = self.drawn.network_masks(dataset.table["sha256"].to_numpy()[rows])
        if self.found is not None:
            masks[FOUND] = self.found.mask(rows)
        return masks

    def of_image(self, dataset: Dataset, row: int) -> dict[Colour, np.ndarray]:
        """Masks of one image by colour; a drawn one at the size that is stored."""
        masks = {}
        drawn = self.drawn.mask(dataset.table["sha256"].iloc[row]) if self.drawn is not None else None
        if drawn is not None:
            masks[DRAWN] = drawn
        if self.found is not None and self.found.box(row):
            masks[FOUND] = self.found.mask(np.array([row]))[0]
        return masks

    def show_legend(self) -> None:
        """What the colours mean."""
        present = {FOUND: self.found, DRAWN: self.drawn}
        entries = [
            ENTRY.format(colour=colour, meaning=escape(MEANINGS[colour]))
            for colour, lungs in present.items()
            if lungs is not None
        ]
        st.html(LEGEND.replace("{title}", escape(_("Lungs"))).replace("{entries}", "".join(entries)))
