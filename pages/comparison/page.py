"""The comparison page: models side by side on the same images."""

import streamlit as st

from core.comparison import EvaluatedStage, ModelComparison, evaluated_stages
from core.dataset import current_labels, read_cohorts
from core.errors import UserError
from core.runs import all_runs, sweep_names
from pages.comparison.calibration import show_calibration
from pages.comparison.curves import show_curves
from pages.comparison.image_map import show_map
from pages.comparison.metrics import show_metrics
from pages.comparison.misclassified import show_errors
from pages.comparison.models import choose_models
from pages.comparison.operating_point import at_operating_point, choose_rule, offer_to_save
from pages.comparison.promotion import show_promotion
from pages.comparison.report import show_report
from pages.comparison.self_test import show_self_test
from pages.comparison.shadow import show_shadow
from pages.comparison.shortcuts import show_shortcuts
from pages.comparison.splits import SPLITS
from pages.comparison.subgroups import show_subgroups
from pages.comparison.sweeps import show_sweeps
from pages.comparison.training_curves import show_training
from pages.shared.charts import choose_format
from pages.shared.failures import show_error
from pages.shared.header import header
from pages.shared.markdown import escaped
from pages.shared.next_step import offer_training
from pages.shared.one_of import one_of
from pages.shared.texts import _

ALL_IMAGES = _("all images")
SECTIONS = {  # by name: title, which the address holds too, what is shown, and whether figures always are
    "Metrics": (_("Metrics"), show_metrics, True),
    "Curves": (_("Curves"), show_curves, True),
    "Calibration": (_("Calibration"), show_calibration, True),
    "Subgroups": (_("Subgroups"), show_subgroups, True),
    "Errors": (_("Errors"), show_errors, False),
    "Shortcuts": (_("Shortcuts"), show_shortcuts, False),
    "Map": (_("Map"), show_map, False),
    "Training": (_("Training"), show_training, True),
    "Report": (_("Report"), show_report, False),
    "Promotion": (_("Promotion"), show_promotion, False),
    "Shadow": (_("Shadow"), show_shadow, False),
    "Self-test": (_("Self-test"), show_self_test, False),
}


def main() -> None:
    header(
        _("Comparison"),
        _("Which model is better, by how much, and how sure is that? On the same images, with intervals."),
        _("Choose models above, a section below. The address keeps the view: send it to a colleague."),
    )
    evaluated = evaluated_stages(all_runs())
    if not evaluated:
        offer_training(_("No model has been evaluated yet. Train the three stages to compare them here."))
        return
    chosen = choose_models(evaluated)
    choices = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with choices:
        split = one_of(_("Split"), SPLITS, default="test", key="evaluated", bind="query-params")
    if not chosen:
        st.info(_("Choose one or more models."))
        return
    with choices:
        cohort = choose_cohort(chosen)
        with_ensemble = st.toggle(
            _("Ensemble"),
            key="ensemble",
            bind="query-params",
            disabled=len(chosen) < 2,
            help=_("Adds an ensemble: the mean of the models' calibrated log-odds."),
        )
        reviewed = choose_labels(chosen, split)
        rule = choose_rule()
    try:
        comparison = ModelComparison.of(chosen, split, cohort, with_ensemble, reviewed).shortly_named()
        show_notes(comparison)
        comparison = at_operating_point(comparison, *rule)
        offer_to_save(comparison)
        show_section(comparison)
    except UserError as error:
        show_error(error)


def show_notes(comparison: ModelComparison) -> None:
    """Warnings that concern every number of the page."""
    if comparison.synthetic:
        st.warning(
            _("**SYNTHETIC** data: these results say nothing about real X-rays."), icon=":material/draw:"
        )
    for note in comparison.notes:
        st.info(escaped(note), icon=":material/info:")


def show_section(comparison: ModelComparison) -> None:
    """The section that the reader chooses."""
    sections = SECTIONS | ({"Sweeps": (_("Sweeps"), show_sweeps, True)} if sweep_names() else {})
    titles = {name: title for name, (title, _show, _figures) in sections.items()}
    section = one_of(_("Show"), titles, default="Metrics", key="section", bind="query-params")
    _title, show, has_figures = sections[section]
    show(comparison)
    if has_figures:
        choose_format()


def choose_cohort(stages: list[EvaluatedStage]) -> tuple[str, frozenset[str]] | None:
    """Name and images of a cohort of the models' data sets; None for all images, or if there is no cohort."""
    folders = sorted({stage.data for stage in stages})
    known = {name: images for folder in folders for name, images in read_cohorts(folder).items()}
    if not known:
        return None
    name = st.selectbox(
        _("Images"),
        [ALL_IMAGES, *known],
        key="cohort",
        bind="query-params",
        width=240,
        help=_("All, or a cohort of the data set."),
    )
    return (name, known[name]) if name in known else None


def choose_labels(stages: list[EvaluatedStage], split: str) -> bool:
    """Whether to measure by the labels as readers reviewed them: a switch, where they reviewed some."""
    tables = [stage.run.results.predictions(stage.number, split) for stage in stages]
    if not any(table is not None and current_labels(table).outcomes for table in tables):
        return False
    return st.toggle(
        _("Reviewed labels"),
        key="labels-reviewed",
        bind="query-params",
        help=_(
            "Measure by the labels as readers reviewed them last, without the images that they excluded. "
            "Off: the labels as published."
        ),
    )


main()
