"""Figures that are updated in place.

`st.plotly_chart` mounts its figure anew with each change: it flickers, and a zoom is lost.
"""

import plotly.graph_objects as go

from pages.component import component
from pages.watching.routes import PLOTLY

# Text takes the theme's colour even when the theme changes while nothing is updated.
CSS = """
.live-figures {
  display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
}
.live-figures > div { min-width: 0; }
.live-figures .xtick text, .live-figures .ytick text, .live-figures .legendtext, .live-figures .gtitle,
.live-figures .xtitle, .live-figures .ytitle, .live-figures .heatmap-label text
{ fill: var(--st-text-color) !important; }
.live-figures text { font-family: var(--st-font) !important; }
"""


def live_figures(figures: list[go.Figure], key: str) -> None:
    """Draw figures side by side, or below one another where it is narrow."""
    data = {"plotly": PLOTLY, "figures": [figure.to_json() for figure in figures]}
    component(__file__, CSS)(data=data, key=key)
