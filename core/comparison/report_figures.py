"""The figures of a report: those of the comparison page as PNG files with captions."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
from plotly.graph_objects import Figure

from core import evaluation
from core.comparison.model_comparison import ModelComparison
from core.comparison.occlusion import OcclusionEffect, occlusion_table
from core.figures.calibration import reliability_diagram
from core.figures.confusion_matrix import confusion_matrix
from core.figures.curves import decision_curves, precision_recall_curves, roc_curves
from core.figures.metric_intervals import metric_intervals, occlusion_differences, subgroup_rates
from core.figures.training import loss_by_model
from core.reports import Picture

WIDTH, NARROW_WIDTH, SCALE = 900, 450, 2
DECISION_THRESHOLDS = np.linspace(0.01, 0.95, 95)
DISCARD_PORT = "http://127.0.0.1:9"  # Chrome's proxy, so that its own requests to the Internet go nowhere
NO_CHROME = (
    "The figures are missing: drawing them needs Chrome or Chromium, which was not found on this machine. "
    "Install one and create the report again."
)
Captioned = tuple[Figure, str]  # a figure and its caption


def report_figures(
    comparison: ModelComparison, metrics: dict[str, dict], occlusion: list[OcclusionEffect]
) -> dict[str, Captioned]:
    """Figures and captions by file name.

    Args:
        comparison: what the report is on.
        metrics: of `core.evaluation.evaluate_with_intervals`, by model name.
        occlusion: of `occlusion_effects`.
    """
    figures = {"metrics": (metric_intervals(metrics), "Metrics with 95% intervals.")}
    if all(values["auc"] is not None for values in metrics.values()):
        figures |= _curves(comparison, metrics)
    for number, (name, values) in enumerate(metrics.items(), start=1):
        figures[f"confusion-{number}"] = (
            confusion_matrix(values["confusion_matrix"], name),
            f"{name}: images by true and predicted label.",
        )
    rates = {
        model.name: evaluation.subgroup_rates(model, comparison.thresholds[model.name])
        for model in comparison.models
    }
    for number, (name, figure) in enumerate(subgroup_rates(rates).items(), start=1):
        figures[f"groups-{number}"] = (
            figure,
            f"{name}: sensitivity and specificity in subgroups, with Wilson's 95% intervals.",
        )
    tested = occlusion_table([effect for effect in occlusion if effect.auc])
    if len(tested):
        figures["hidden"] = (
            occlusion_differences(tested),
            "Change in ROC AUC when part of each image is hidden.",
        )
    if histories := comparison.histories():
        figures["training"] = (loss_by_model(histories), "Loss by epoch, on training and validation.")
    return figures


def curve_points(metrics: dict[str, dict]) -> tuple[dict, dict]:
    """Operating points by model name: (1 - specificity, sensitivity) and (sensitivity, PPV).

    Args:
        metrics: of `core.evaluation.evaluate`, by model name.
    """
    roc = {name: (1 - values["specificity"], values["sensitivity"]) for name, values in metrics.items()}
    precision_recall = {
        name: (values["sensitivity"], 1.0 if values["ppv"] is None else values["ppv"])
        for name, values in metrics.items()
    }
    return roc, precision_recall


def _curves(comparison: ModelComparison, metrics: dict[str, dict]) -> dict[str, Captioned]:
    """The figures that need images of both classes."""
    models = comparison.models
    table = evaluation.calibration_table(models, comparison.validation)
    bins = comparison.reliability(table["temperature"])
    roc_points, pr_points = curve_points(metrics)
    benefits = evaluation.net_benefits(models, DECISION_THRESHOLDS)
    return {
        "roc": (
            roc_curves({model.name: evaluation.roc(model) for model in models}, roc_points),
            "ROC curves with 95% pointwise bands (bootstrap over patients); diamonds mark operating points.",
        ),
        "precision-recall": (
            precision_recall_curves(
                {model.name: evaluation.precision_recall(model) for model in models}, pr_points
            ),
            "Precision-recall curves, with bands and operating points as above.",
        ),
        "reliability": (
            reliability_diagram(bins),
            "Reliability after temperature scaling fitted on validation, with 95% intervals.",
        ),
        "decision": (
            decision_curves(DECISION_THRESHOLDS, benefits),
            "Net benefit compared with treating all and treating none (Vickers and Elkin 2006).",
        ),
    }


def write_pictures(figures: dict[str, Captioned], folder: Path) -> dict[str, Picture] | None:
    """Write figures into a folder as PNG files on a white background.

    Args:
        figures: of `report_figures`.
        folder: where to write; created if missing.

    Returns:
        Pictures by name; None if no Chrome was found to draw them.
    """
    # Imported here: only reports need it.
    from choreographer.errors import BrowserDepsError, BrowserFailedError, ChromeNotFoundError

    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.png" for name in figures}
    for figure, _ in figures.values():
        figure.update_layout(paper_bgcolor="white", plot_bgcolor="white", template="plotly_white")
    orders = [_order(name, figure, paths[name]) for name, (figure, _) in figures.items()]
    try:
        with ThreadPoolExecutor(1) as thread:  # in which no event loop is running
            thread.submit(asyncio.run, _draw(orders)).result()
    except (ChromeNotFoundError, BrowserFailedError, BrowserDepsError):
        return None
    return {name: Picture(paths[name], caption, _is_narrow(name)) for name, (_, caption) in figures.items()}


async def _draw(orders: list[Any]) -> None:
    """Draw and write figures in one page of one Chrome."""
    import kaleido

    class OnePage(kaleido.Kaleido):
        async def _return_kaleido_tab(self, tab: Any) -> None:
            """Kaleido would load the page, and with it Plotly, anew for each figure."""
            await self.tabs_ready.put(tab)

    # Not by Plotly's own export, which cannot keep Chrome and its page from contacting other hosts.
    async with OnePage(mathjax=False, proxy_server=DISCARD_PORT) as page:
        await page.write_fig_from_object(orders, cancel_on_error=True)


def _order(name: str, figure: Figure, path: Path) -> dict:
    """What Kaleido needs to write one figure."""
    size = {"width": NARROW_WIDTH if _is_narrow(name) else WIDTH, "height": cast(Any, figure.layout).height}
    return {"fig": figure, "path": path, "opts": {"format": "png", "scale": SCALE, **size}}


def _is_narrow(name: str) -> bool:
    return name.startswith("confusion-")
