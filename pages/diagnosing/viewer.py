"""A film and where the model looked, side by side; window, zoom and contour are the browser's work."""

import base64

import numpy as np

from core.diagnosis import HeatMap
from core.figures.diagnosis import heat_colors
from core.images import Radiograph, data_address
from pages.component import component

MOST_SIDE, QUALITY = 1024, 92  # of what is sent: pixels, and of the JPEG
HEAT_SIDE = 64
CSS = """
.viewer { display: grid; gap: 8px; color: var(--st-text-color); }
.viewer:fullscreen { background: var(--st-background-color); padding: 16px; align-content: center; }
.viewer:fullscreen canvas { max-height: 80vh; object-fit: contain; }
.viewer-films { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 8px; }
.viewer figure { margin: 0; min-width: 0; }
.viewer canvas {
  width: 100%; display: block; border-radius: 6px; background: #000; cursor: grab; touch-action: pan-y;
}
.viewer figcaption { font-size: 0.8rem; opacity: 0.75; padding-top: 2px; }
.viewer-tools { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 0.8rem; align-items: center; }
.viewer-tools label { display: flex; gap: 6px; align-items: center; }
.viewer-tools input[type="range"] { width: 90px; accent-color: var(--st-primary-color); }
.viewer-tools input[type="checkbox"] { accent-color: var(--st-primary-color); }
.viewer-tools select, .viewer-tools button {
  font: inherit; color: inherit; background: var(--st-secondary-background-color); border: 0;
  border-radius: 6px; padding: 3px 8px; cursor: pointer;
}
"""


def viewer(film: Radiograph, heat: HeatMap | None, earlier: Radiograph | None, key: str) -> None:
    """Draw a film, where the model looked, and an earlier film of the same person where there is one."""
    shown = [{"title": "The film", "picture": data_address(film.pixels, MOST_SIDE, QUALITY), "heat": False}]
    if earlier:
        shown.insert(
            0,
            {
                "title": "Earlier film",
                "picture": data_address(earlier.pixels, MOST_SIDE, QUALITY),
                "heat": False,
            },
        )
    if heat:
        shown.append({"title": "Where the model looked", "picture": shown[-1]["picture"], "heat": True})
    values = heat.over(np.zeros((HEAT_SIDE, HEAT_SIDE), np.uint8)) if heat else np.zeros((0, 0))
    low, high = np.percentile(film.pixels, [1, 99])
    data = {
        "id": film.sha256 + (earlier.sha256 if earlier else ""),
        "films": shown,
        "side": HEAT_SIDE,
        "heat": base64.b64encode((values * 255).astype(np.uint8).tobytes()).decode(),
        "colors": base64.b64encode(heat_colors().tobytes()).decode(),
        "auto": [float(low), float(high)],
    }
    component(__file__, CSS)(data=data, key=key)
