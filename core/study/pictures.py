"""The pictures of a report: the page's figures as PNG files."""

from pathlib import Path

import numpy as np
from plotly.graph_objects import Figure

from core import evaluation
from core.document import Picture
from core.figures import comparison as figures
from core.study.second_look import loss_table, losses
from core.study.study import Study

WIDTH, NARROW, SCALE = 900, 450, 2
NOBODY = "http://127.0.0.1:9"  # the discard port: what Chrome would ask of others ends there
NO_CHROME = (
    "Pictures are missing: they are drawn by Chrome or Chromium, and none was found on this machine. "
    "Install one and make the report again."
)


def figures_of(study: Study, found: dict[str, dict]) -> dict[str, tuple]:
    """Figure and caption by file name.

    Args:
        found: of `core.evaluation.measured`, by model name.
    """
    two_classes = all(values["auc"] is not None for values in found.values())
    chosen = {"metrics": (figures.metric_points(found), "Metrics with 95 % intervals.")}
    if two_classes:
        chosen |= _curves(study, found)
    for place, (name, values) in enumerate(found.items(), start=1):
        chosen[f"confusion-{place}"] = (
            figures.confusion(values["confusion_matrix"], name),
            f"{name}: films called NORMAL and PNEUMONIA, by truth.",
        )
    for place, model in enumerate(study.models, start=1):
        rows = evaluation.rates(model, study.thresholds[model.name])
        chosen[f"groups-{place}"] = (
            figures.group_rates(rows, model.name),
            f"{model.name}: rates in groups of films, with Wilson's 95 % intervals.",
        )
    hidden = loss_table([item for item in losses(study) if item.auc])
    if len(hidden):
        chosen["hidden"] = (
            figures.masked_differences(hidden),
            "ROC AUC lost when a part of the films is hidden.",
        )
    if histories := study.histories():
        chosen["training"] = (
            figures.validation_losses(histories),
            "Loss by epoch, on training and validation.",
        )
    return chosen


def _curves(study: Study, found: dict[str, dict]) -> dict[str, tuple]:
    models = {model.name: model for model in study.models}
    table = evaluation.calibration_table(study.models, study.validation)
    before, after = study.reliability(table["temperature"])
    asked = np.linspace(0.01, 0.95, 95)
    roc_points = {name: (1 - values["specificity"], values["recall"]) for name, values in found.items()}
    pr_points = {
        name: (values["recall"], 1.0 if values["precision"] is None else values["precision"])
        for name, values in found.items()
    }
    return {
        "roc": (
            figures.roc_curves({name: evaluation.roc(model) for name, model in models.items()}, roc_points),
            "ROC curves with 95 % pointwise bands (bootstrap over patients); diamonds are operating points.",
        ),
        "precision-recall": (
            figures.precision_recall_curves(
                {name: evaluation.precision_recall(model) for name, model in models.items()}, pr_points
            ),
            "Precision and recall, with bands and points as above.",
        ),
        "reliability": (
            figures.reliability_diagram(before, after),
            "Reliability before and after temperature scaling fitted on validation.",
        ),
        "decision": (
            figures.decision_curves(asked, study.net_benefits(asked)),
            "Net benefit against treating all and none (Vickers and Elkin 2006).",
        ),
    }


def draw_all(chosen: dict[str, tuple], folder: Path) -> dict[str, Picture] | None:
    """Write figures into a folder as PNG, white behind.

    Args:
        chosen: of `figures_of`.

    Returns:
        Pictures by name; None where no Chrome is at hand to draw them.
    """
    # Imported here: only who makes a report needs it.
    import kaleido
    from choreographer.errors import BrowserDepsError, BrowserFailedError, ChromeNotFoundError

    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.png" for name in chosen}
    for figure, _ in chosen.values():
        figure.update_layout(paper_bgcolor="white", plot_bgcolor="white", template="plotly_white")
    try:
        # Not by Plotly, which gives no way to keep Chrome, and the page that it draws, from asking outside.
        kaleido.write_fig_from_object_sync(
            [_order(name, figure, paths[name]) for name, (figure, _) in chosen.items()],
            kopts={"mathjax": False, "proxy_server": NOBODY},
        )
    except (ChromeNotFoundError, BrowserFailedError, BrowserDepsError):
        return None
    return {name: Picture(paths[name], caption, _is_narrow(name)) for name, (_, caption) in chosen.items()}


def _order(name: str, figure: Figure, path: Path) -> dict:
    size = {"width": NARROW if _is_narrow(name) else WIDTH, "height": figure.layout.height}
    return {"fig": figure, "path": path, "opts": {"format": "png", "scale": SCALE, **size}}


def _is_narrow(name: str) -> bool:
    return name.startswith("confusion-")
