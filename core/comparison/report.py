"""The report on a comparison: a folder with a PDF, a model card, tables as CSV and figures as PNG."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from core import atomic, evaluation
from core.comparison.heat_shares import heat_share_table
from core.comparison.model_card import model_card
from core.comparison.model_comparison import ModelComparison
from core.comparison.occlusion import occlusion_effects, occlusion_table
from core.comparison.report_figures import report_figures, write_pictures
from core.comparison.report_sections import Findings, report_sections
from core.errors import UserError
from core.reports import Section, as_markdown, write_pdf
from core.sentence import Sentence


def write_report(
    comparison: ModelComparison, folder: Path, progress: Callable[[str], None] | None = None
) -> Path:
    """Write the report on a comparison into a folder.

    Args:
        comparison: what to report on.
        folder: new or empty.
        progress: called with the name of each step.

    Returns:
        Path of the PDF.

    Raises:
        UserError: the folder holds other files, or cannot be written.
    """
    folder = Path(folder).expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(
            Sentence("{folder} is not an empty folder. Choose a new one for the report.", folder=folder)
        )
    report_step = progress or (lambda _: None)
    report_step("Computing metrics")
    findings = _findings(comparison)
    for name, table in _tables(comparison, findings).items():
        if len(table):
            atomic.write_text(folder / f"{name}.csv", table.to_csv(index=False))
    report_step("Drawing figures")
    # What is read as a whole says once what all models share; what may be read alone names them in full.
    shown, renamed = comparison.shortly_named(), findings.renamed(comparison.short_names)
    figures = report_figures(shown, renamed.metrics, renamed.occlusion)
    pictures = write_pictures(figures, folder / "pictures")
    report_step("Writing the report")
    card = model_card(comparison, findings.metrics)
    atomic.write_text(folder / "model_card.md", as_markdown("Model card", card))
    sections = report_sections(shown, renamed, pictures)
    sections += [
        Section(f"Model card: {part.title.lower()}", part.parts)
        for part in model_card(shown, renamed.metrics)
    ]
    with atomic.replacing(folder / "report.pdf") as temporary:
        write_pdf(temporary, f"Comparison of {len(comparison.models)} models", sections)
    return folder / "report.pdf"


def _findings(comparison: ModelComparison) -> Findings:
    """The numbers of the report."""
    return Findings(
        metrics={
            model.name: evaluation.evaluate_with_intervals(model, comparison.thresholds[model.name])
            for model in comparison.models
        },
        baselines={
            model.name: evaluation.evaluate_with_intervals(model, evaluation.DEFAULT.threshold)
            for model in comparison.baselines
        },
        tests=evaluation.pairwise_tests(comparison.models, comparison.thresholds),
        occlusion=occlusion_effects(comparison),
        heat=heat_share_table(comparison),
    )


def _tables(comparison: ModelComparison, findings: Findings) -> dict[str, pd.DataFrame]:
    """The CSV files by name."""
    predictions = [model.table.assign(model=model.name) for model in comparison.models]
    return {
        "metrics": evaluation.metric_table(findings.metrics | findings.baselines),
        "differences": evaluation.difference_table(findings.tests),
        "groups": evaluation.subgroup_table(comparison.models, comparison.thresholds),
        "predictions": pd.concat(predictions, ignore_index=True),
        "hidden": occlusion_table(findings.occlusion),
        "heat-in-lungs": findings.heat,
    }
