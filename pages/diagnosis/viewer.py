"""An X-ray and its heat map side by side; window, zoom and contour run in the browser."""

import base64

import numpy as np

from core.anatomy import Lungs
from core.figures.diagnosis import heat_colors
from core.images import Image, jpeg_data_url
from core.inference import HeatMap
from pages.shared.component import component

MAX_SIDE, QUALITY = 1024, 92  # of the JPEG sent to the browser: pixels, and quality
HEAT_SIDE = 64
LUNG_SIDE = 256  # of the mask whose outline is drawn
CSS = """
.viewer { display: grid; gap: 8px; color: var(--st-text-color); }
.viewer:fullscreen { background: var(--st-background-color); padding: 16px; align-content: center; }
.viewer:fullscreen canvas { max-height: 80vh; object-fit: contain; }
.viewer-images { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 8px; }
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


def viewer(
    image: Image,
    heat_map: HeatMap | None,
    lungs: Lungs | None,
    earlier: Image | None,
    key: str,
    outlined: bool = False,
) -> None:
    """Draw an X-ray, its heat map, and an earlier X-ray of the same patient if there is one.

    The outline of the lungs, if there are any, can be switched on and off over X-ray and heat map.

    Args:
        outlined: whether it is on at first.
    """
    panels = [_panel("Earlier X-ray", earlier)] if earlier else []
    panels.append({**_panel("X-ray", image), "lungs": True})
    if heat_map:
        panels.append({**panels[-1], "title": "Heat map", "heat": True})
    values = heat_map.over(np.zeros((HEAT_SIDE, HEAT_SIDE), np.uint8)) if heat_map else np.zeros((0, 0))
    mask = lungs.mask(LUNG_SIDE, LUNG_SIDE) if lungs and lungs.box else np.zeros((0, 0), bool)
    low, high = np.percentile(image.pixels, [1, 99])
    data = {
        "id": image.sha256 + (earlier.sha256 if earlier else ""),
        "panels": panels,
        "side": HEAT_SIDE,
        "heat": base64.b64encode((values * 255).astype(np.uint8).tobytes()).decode(),
        "lungSide": LUNG_SIDE,
        "outlined": outlined,
        "lungs": base64.b64encode(mask.astype(np.uint8).tobytes()).decode(),
        "colors": base64.b64encode(heat_colors().tobytes()).decode(),
        "auto": [float(low), float(high)],
    }
    component(__file__, CSS)(data=data, key=key)


def _panel(title: str, image: Image) -> dict[str, str | bool]:
    return {
        "title": title,
        "picture": jpeg_data_url(image.pixels, MAX_SIDE, QUALITY),
        "heat": False,
        "lungs": False,
    }
