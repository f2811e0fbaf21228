"""Figures that are updated in place.

`st.plotly_chart` remounts its figure at each change, which flickers and resets the zoom.
"""

import plotly.graph_objects as go

from pages.shared.charts import in_language
from pages.shared.component import component
from pages.training.watch.routes import PLOTLY

# Text follows the theme's colour even when the theme changes between updates.
CSS = """
.live-figures {
  display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
}
.live-figures > div { min-width: 0; }
.live-figures .xtick text, .live-figures .ytick text, .live-figures .legendtext, .live-figures .gtitle,
.live-figures .xtitle, .live-figures .ytitle
{ fill: var(--st-text-color) !important; }
.live-figures text { font-family: var(--st-font) !important; }
"""


def live_figures(figures: list[go.Figure], key: str) -> None:
    """Draw figures side by side, or stacked on narrow screens."""
    data = {"plotly": PLOTLY, "figures": [in_language(figure).to_json() for figure in figures]}
    component(__file__, CSS)(data=data, key=key)
