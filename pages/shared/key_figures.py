"""Key metrics of models side by side: bars, confusion matrices whose cells can be pressed, ROC curves."""

from typing import Any

import numpy as np
import streamlit as st

from core.config import CLASS_NAMES
from core.evaluation import METRICS, Curve, counted_share
from core.figures.confusion_matrix import CELLS
from core.figures.style import MODEL_COLORS
from pages.shared.component import component
from pages.shared.stored_texts import recognized
from pages.shared.texts import _

KEY_METRICS = ("auc", "sensitivity", "specificity", "accuracy")
ROOM = 0.02  # of the axis, to the left of the lowest interval
# As wide as three models need; those that have no room go below.
CSS = """
.key-figures {
  display: grid; gap: 24px clamp(12px, 4vw - 32px, 24px); color: var(--st-text-color); font-size: 0.875rem;
  grid-template-columns: repeat(auto-fit, minmax(max(min(206px, 100%), 26%), 1fr));
}
.key-figures section { max-width: 460px; min-width: 0; }
.key-figures-title { font-weight: 600; font-size: 1rem; margin: 0 0 4px; overflow-wrap: anywhere; }
.key-figures-row { padding-bottom: 6px; }
.key-figures-bar {
  position: relative; height: 12px; border-radius: 6px; background: var(--st-secondary-background-color);
}
.key-figures-bar span { position: absolute; border-radius: 6px; }
.key-figures-interval { top: 4px; height: 4px; }
.key-figures-point { top: 0; width: 12px; height: 12px; margin-left: -6px; }
.key-figures-axis { display: flex; justify-content: space-between; font-size: 0.75rem; }
.key-figures-matrix {
  table-layout: fixed; border-collapse: separate; border-spacing: 2px; width: 100%; margin-top: 12px;
}
.key-figures-matrix :is(td, th) { padding: 0; border: 0; font-weight: 400; font-size: 0.75rem; }
.key-figures-truth { width: 1rem; }
.key-figures-truth span { writing-mode: vertical-rl; transform: rotate(180deg); }
.key-figures-matrix button {
  display: flex; flex-direction: column; align-items: center; justify-content: center; cursor: pointer;
  width: 100%; min-width: 90px; height: 96px; color: #fff; border: 0; border-radius: 4px; font: inherit;
  font-size: 0.875rem;
}
.key-figures-matrix strong { font-size: 1.15rem; }
.key-figures-matrix button:hover { filter: brightness(1.12); }
.key-figures-matrix [aria-pressed="true"] { outline: 3px solid var(--st-text-color); outline-offset: -3px; }
.key-figures-matrix button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
.key-figures-roc { display: block; width: 100%; max-width: 330px; margin-top: 12px; }
.key-figures-roc text { fill: currentColor; font-size: 11px; }
"""
Cell = tuple[str, int, int]  # a model's name, index of the true label, index of the predicted one


def key_figures(
    models: dict[str, dict], key: str, matrices: bool = False, rocs: dict[str, Curve] | None = None
) -> Cell | None:
    """Draw a column for each model; returns the cell that is pressed.

    Args:
        models: of `core.evaluation.evaluate_with_intervals`, by model name.
        key: of the component.
        matrices: whether to draw confusion matrices.
        rocs: ROC curves to draw, by model name.
    """
    lowest = min(
        (
            interval[0]
            for values in models.values()
            for name in KEY_METRICS
            if (interval := values["intervals"][name])
        ),
        default=0.5,
    )
    start = max(0.0, lowest - ROOM)
    pressed = st.session_state.get(key, {}).get("cell")
    data = {
        "models": [
            {
                "name": name,
                "title": recognized(name),
                "color": MODEL_COLORS[index % len(MODEL_COLORS)],
                "figures": [_figure(metric, values, start) for metric in KEY_METRICS],
                "matrix": _matrix(values["confusion_matrix"]) if matrices else None,
                "roc": _roc(name, values, rocs) if rocs else None,
            }
            for index, (name, values) in enumerate(models.items())
        ],
        "range": [f"{start:.0%}", "100%"],
        "truths": [_("true {label}").format(label=label) for label in CLASS_NAMES],
        "predictions": [_("predicted {label}").format(label=label) for label in CLASS_NAMES],
        "axes": {"across": _("1 - specificity"), "up": _("sensitivity")},
        "pressed": pressed,
    }
    component(__file__, CSS, "roc_drawing.js")(data=data, key=key, on_cell_change=lambda: None)
    if pressed is None or pressed[0] not in models:
        return None
    name, true, predicted = pressed
    return name, int(true), int(predicted)


def _figure(metric: str, values: dict, start: float) -> dict[str, Any]:
    """A metric as text, and its interval in per cent of an axis from `start` to 1."""
    value, interval = values[metric], values["intervals"][metric]
    text, _space, bounds = recognized(METRICS[metric].text(value, interval)).partition(" ")
    figure = {"title": recognized(METRICS[metric].title), "text": text, "bounds": bounds, "value": None}
    if value is None:
        return figure
    low, high = interval or (value, value)
    ends = {"low": low, "value": value, "high": high}
    return figure | {name: 100 * (end - start) / (1 - start) for name, end in ends.items()}


def _matrix(matrix: list[list[int]]) -> list[list[dict[str, Any]]]:
    """Name, number and share of the true label of each cell, in rows of one true label."""
    return [
        [
            {
                "name": name,
                "count": f"{count:,}",
                "share": counted_share(count, sum(counts)),
                "shade": round(100 * count / max(1, sum(counts))),
            }
            for name, count in zip(names, counts, strict=True)
        ]
        for names, counts in zip(CELLS, matrix, strict=True)
    ]


def _roc(name: str, values: dict, rocs: dict[str, Curve]) -> dict[str, Any]:
    """The curve of a model with its band and operating point, those of the others, and all of it in words."""
    curve = rocs[name]
    shown = {metric: METRICS[metric].text(values[metric]) for metric in ("auc", "sensitivity", "specificity")}
    return {
        "curve": _points(curve.x, curve.y),
        "band": _points(curve.grid, curve.low) + _points(curve.grid, curve.high)[::-1],
        "point": [1 - values["specificity"], values["sensitivity"]],
        "others": [_points(other.x, other.y) for title, other in rocs.items() if title != name],
        "label": _(
            "ROC of {name}: AUC {auc}; operating point: sensitivity {sensitivity}, specificity {specificity}"
        ).format(name=recognized(name), **shown),
    }


def _points(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
    return np.column_stack([x, y]).round(4).tolist()
