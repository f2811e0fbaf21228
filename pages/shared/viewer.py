"""An X-ray and its heat map side by side; window, zoom, flip, ruler and contour run in the browser."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from core.anatomy import Lungs
from core.figures.heat_overlay import heat_colors
from core.images import Box, Image, jpeg_data_url
from core.inference import HeatMap, SharperMap
from pages.shared.component import component
from pages.shared.texts import _

MAX_SIDE, QUALITY = 1024, 92  # of the JPEG sent to the browser: pixels, and quality
HEAT_SIDE = 64
HEAT_TITLE = _("Heat map: what spoke for pneumonia. It often misses the opacity and never outlines it")
SHARPER_TITLE = _(
    "Sharper heat map, in the lungs only: what differs from normal images. Not an outline either"
)
LUNG_SIDE = 256  # of the mask whose outline is drawn
PARTS = tuple(
    f"viewer_{part}.js"
    for part in ("pictures", "position", "box", "panel", "controls", "parts", "marking", "pointer", "keys")
)
TEXTS = {  # of the controls that the script draws
    "window": _("Window"),
    "windows": {
        "Full range": _("Full range"),
        "Image": _("Image"),
        "Lungs": _("Lungs"),
        "Custom": _("Custom"),
    },
    "level": _("Level"),
    "width": _("Width"),
    "opacity": _("Opacity"),
    "invert": _("Invert"),
    "flip": _("Flip (F)"),
    "ruler": _("Ruler (M)"),
    "drag": _("Drag over the image"),
    "box": _("Box (B)"),
    "boxHelp": _("Drag, or use the arrow keys (Shift: size); Enter keeps it, Esc undoes"),
    "boxPlace": _("Box: {left} from the left, {top} from the top, {width} wide, {height} high").format(
        left="{left}%", top="{top}%", width="{width}%", height="{height}%"
    ),  # in which the script puts the numbers
    "noBox": _("Remove box"),
    "noBoxHelp": _("Remove the box from your finding"),
    "heat": _("Heat map (H)"),
    "contour": _("Contour"),
    "lungs": _("Lungs"),
    "zoomIn": _("Zoom in"),
    "zoomOut": _("Zoom out"),
    "reset": _("Reset"),
    "resetHelp": _("Reset zoom and position"),
    "screen": _("Full screen"),
    "screenHelp": _("Full screen; Esc or this button to leave"),
    "leaveScreen": _("Leave full screen"),
}
CSS = """
.viewer { display: grid; gap: 8px; color: var(--st-text-color); container-type: inline-size; }
.viewer:fullscreen { background: #000; color: #f2f2f2; padding: 16px; align-content: center; }
.viewer:fullscreen canvas { max-height: 74vh; object-fit: contain; }
.viewer-answer { display: none; margin: 0; font-size: 1.5rem; font-weight: 600; }
.viewer:fullscreen .viewer-answer { display: block; }
.viewer-images { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 8px; }
.viewer figure { margin: 0; min-width: 0; }
.viewer:not([data-heat="true"]) .viewer-heat { display: none; }
@container (max-width: 500px) { /* one image, with the heat map over it or not */
  .viewer[data-heat="true"] figure:has(+ .viewer-heat) { display: none; }
}
.viewer canvas {
  width: 100%; display: block; border-radius: 6px; background: #000; cursor: grab; touch-action: pan-y;
}
.viewer[data-marking="true"] canvas { cursor: crosshair; touch-action: none; }
.viewer canvas:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.viewer figcaption { font-size: 0.8rem; padding-top: 2px; }
.viewer-tools { display: grid; gap: 6px; font-size: 0.8rem; }
.viewer-buttons, .viewer-marks { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; }
.viewer-switches, .viewer-ranges {
  display: grid; gap: 4px 12px; grid-template-columns: repeat(auto-fill, minmax(6.6rem, 1fr));
}
.viewer-ranges { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
.viewer-tools label { display: flex; gap: 6px; align-items: center; min-height: 28px; }
.viewer-switches label { flex-direction: row-reverse; justify-content: flex-end; }
.viewer-ranges output { min-width: 2.2rem; font-variant-numeric: tabular-nums; }
.viewer-ranges input { flex: 1; min-width: 3rem; height: 24px; accent-color: var(--st-primary-color); }
.viewer-switches input { width: 24px; height: 24px; flex: none; accent-color: var(--st-primary-color); }
.viewer-tools select, .viewer-tools button {
  font: inherit; color: inherit; background: var(--st-secondary-background-color); border: 0;
  border-radius: 6px; padding: 3px 8px; min-height: 28px; min-width: 28px; cursor: pointer;
}
.viewer-keys { margin: 0; font-size: 0.75rem; opacity: 0.8; }
.viewer:fullscreen select, .viewer:fullscreen button { background: #333; }
"""


def viewer(
    image: Image,
    heat_map: HeatMap | None,
    lungs: Lungs | None,
    earlier: Image | None,
    key: str,
    answer: str,
    outlined: bool = False,
    box: Box | None = None,
    draw: Callable[[Box | None], None] | None = None,
    sharper: SharperMap | None = None,
) -> None:
    """Draw an X-ray, its heat maps, and an earlier X-ray of the same patient if there is one.

    The outline of the lungs, if there are any, can be switched on and off over X-ray and heat map.

    Args:
        answer: what stands over the images on a full screen.
        outlined: whether it is on at first.
        box: that was drawn on the image.
        draw: called with another one, or None once it is removed; without it, no box can be drawn.
        sharper: the sharper heat map, if it is to be shown beside the other.
    """
    panels = [_panel(_("Earlier X-ray"), earlier)] if earlier else []
    panels.append({**_panel("X-ray", image), "current": True})
    maps = {"heat": (heat_map, HEAT_TITLE), "sharper": (sharper, SHARPER_TITLE)}
    shown = {name: title for name, (each, title) in maps.items() if each}
    panels += [{**panels[-1], "title": title, "heat": name} for name, title in shown.items()]
    mask = lungs.mask(LUNG_SIDE, LUNG_SIDE) if lungs and lungs.box else np.zeros((0, 0), bool)
    heat = {name: _heat(each) for name, (each, _title) in maps.items()}
    data = {
        "id": "-".join([image.sha256, earlier.sha256 if earlier else "", *map(_digest, heat.values())]),
        "panels": panels,
        "side": HEAT_SIDE,
        "heat": heat,
        "lungSide": LUNG_SIDE,
        "outlined": outlined,
        "lungs": base64.b64encode(mask.astype(np.uint8).tobytes()).decode(),
        "colors": base64.b64encode(heat_colors().tobytes()).decode(),
        "image": image.sha256,
        "box": box,
        "boxes": draw is not None,
        "scale": scale(image),
        "windows": windows(image.pixels, lungs),
        "answer": answer,
        "texts": TEXTS,
        "keys": _keys(heat_map is not None, draw is not None),
    }

    def drawn() -> None:
        if draw:
            take_box(key, image.sha256, draw)

    component(__file__, CSS, *PARTS)(data=data, key=key, on_drawn_change=drawn)


def take_box(key: str, sha256: str, draw: Callable[[Box | None], None]) -> None:
    """Pass on the box that was drawn, or removed, in the viewer with a key since the page was drawn.

    A button's action, which Streamlit calls before the viewer's, asks for it to know what the user saw.

    Args:
        sha256: of the image's file; a box on another image is not passed on.
        draw: takes the box.
    """
    change = st.session_state[key].drawn if key in st.session_state else None
    if change and change["image"] == sha256:
        draw(tuple(change["box"]) if change["box"] else None)


def scale(image: Image) -> dict[str, float | str]:
    """Width and height of an image in the unit in which its ruler measures, and that unit in words."""
    if image.spacing is None:
        return {
            "width": image.width,
            "height": image.height,
            "unit": _("pixels (the file gives no size in mm)"),
        }
    return {
        "width": image.width * image.spacing.columns,
        "height": image.height * image.spacing.rows,
        "unit": _("mm at the detector, less in the patient") if image.spacing.at_detector else "mm",
    }


def windows(pixels: np.ndarray, lungs: Lungs | None) -> dict[str, list[float]]:
    """Ranges of grey levels to spread from black to white, by name; those of an image's own histogram.

    Args:
        pixels: uint8 (height, width).
        lungs: of the image, if they are known: their range is that of the pixels within, opacities included.
    """
    ranges = {"Full range": [0.0, 255.0], "Image": _range(pixels)}
    if lungs and lungs.box:
        ranges["Lungs"] = _range(pixels[lungs.mask(*pixels.shape)])
    return ranges


def _keys(heat_map: bool, box: bool) -> str:
    """What the keys do, with those of what is there."""
    keys = [
        *([_("H heat map")] if heat_map else []),
        _("F flip"),
        _("M ruler"),
        *([_("B box")] if box else []),
        _("+ and − zoom"),
        _("0 reset"),
    ]
    return _("Keys: {keys}. Drag to move; Ctrl and wheel zoom.").format(keys=", ".join(keys))


def _range(levels: np.ndarray) -> list[float]:
    low, high = np.percentile(levels, [1, 99])
    return [float(low), float(high)]


def _heat(heat_map: HeatMap | SharperMap | None) -> str:
    """A map for the browser, `HEAT_SIDE` pixels a side; "" without one."""
    if heat_map is None:
        return ""
    values = heat_map.over(np.zeros((HEAT_SIDE, HEAT_SIDE), np.uint8))
    return base64.b64encode((values * 255).astype(np.uint8).tobytes()).decode()


def _digest(heat: str) -> str:
    """What tells one model's map from another's."""
    return hashlib.sha256(heat.encode()).hexdigest()


def _panel(title: str, image: Image) -> dict[str, Any]:
    return {
        "title": title,
        "size": [image.width, image.height],  # until the picture has loaded
        "picture": jpeg_data_url(image.pixels, MAX_SIDE, QUALITY),
        "heat": "",
        "current": False,
    }
