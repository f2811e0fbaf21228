"""The comparison page: models side by side on the same images."""

import streamlit as st

from core.comparison import EvaluatedStage, ModelComparison, evaluated_stages, shortly_named, stage_named
from core.config import STAGES
from core.dataset import current_labels, read_cohorts
from core.errors import UserError
from core.inference import AvailableModel
from core.registry import answering_models
from core.runs import all_runs, sweep_names
from pages.comparison.calibration import show_calibration
from pages.comparison.curves import show_curves
from pages.comparison.image_map import show_map
from pages.comparison.metrics import show_metrics
from pages.comparison.misclassified import show_errors
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

MAX_MODELS = 5
MODELS = "models"  # in the address
ALL_IMAGES = _("all images")
SECTIONS = {  # by name: title, as it also stands in the address of the page, and what is shown
    "Metrics": (_("Metrics"), show_metrics),
    "Curves": (_("Curves"), show_curves),
    "Calibration": (_("Calibration"), show_calibration),
    "Subgroups": (_("Subgroups"), show_subgroups),
    "Errors": (_("Errors"), show_errors),
    "Shortcuts": (_("Shortcuts"), show_shortcuts),
    "Map": (_("Map"), show_map),
    "Training": (_("Training"), show_training),
    "Report": (_("Report"), show_report),
    "Promotion": (_("Promotion"), show_promotion),
    "Shadow": (_("Shadow"), show_shadow),
    "Self-test": (_("Self-test"), show_self_test),
}


def main() -> None:
    header(
        _("Comparison"),
        _("Which model is better, by how much, and how sure is that? On the same images, with intervals."),
        _("Choose models above, a section below. The address keeps the view: send it to a colleague."),
    )
    evaluated = shortly_named(evaluated_stages(all_runs()))
    if not evaluated:
        offer_training(_("No model has been evaluated yet. Train the three stages to compare them here."))
        return
    rename_chosen(evaluated)
    stages = {stage.name: stage for stage in evaluated}
    in_use = answering_models()
    names = st.multiselect(
        _("Models"),
        list(stages),
        default=preselected(stages, in_use),
        help=_(
            "Every evaluated stage of every run. Up to {maximum} at once. The address of this page keeps "
            "what you choose: open it again, or send it to a colleague."
        ).format(maximum=MAX_MODELS),
        max_selections=MAX_MODELS,
        key=MODELS,
        bind="query-params",
    )
    choices = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with choices:
        split = one_of(_("Split"), SPLITS, default="test", key="evaluated", bind="query-params")
    if not names:
        st.info(_("Choose one or more models."))
        return
    chosen = [stages[name] for name in names]
    with choices:
        cohort = choose_cohort(chosen)
        with_ensemble = st.toggle(
            _("Ensemble"),
            key="ensemble",
            bind="query-params",
            disabled=len(names) < 2,
            help=_("Adds an ensemble: the mean of the models' calibrated log-odds."),
        )
        reviewed = choose_labels(chosen, split)
        choose_format()
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
    sections = SECTIONS | ({"Sweeps": (_("Sweeps"), show_sweeps)} if sweep_names() else {})
    titles = {name: title for name, (title, _show) in sections.items()}
    section = one_of(_("Show"), titles, default="Metrics", key="section", bind="query-params")
    _title, show = sections[section]
    show(comparison)


def rename_chosen(stages: list[EvaluatedStage]) -> None:
    """Name the chosen models, or those in the page's address, as they are named now: runs come and go."""
    opening = MODELS not in st.session_state
    chosen = st.query_params.get_all(MODELS) if opening else st.session_state[MODELS]
    meant = [stage_named(name, stages) for name in chosen]
    names = [stage.name for stage in meant if stage]
    if names == chosen or not names:
        return
    if opening:
        address = {key: st.query_params.get_all(key) for key in st.query_params}
        st.switch_page("pages/comparison/page.py", query_params={**address, MODELS: names})
    st.session_state[MODELS] = names


def preselected(stages: dict[str, EvaluatedStage], in_use: list[AvailableModel]) -> list[str]:
    """The evaluated stages of the run in use for diagnosis; else those of the newest run."""
    names = [
        name for name, stage in stages.items() if any(stage.is_network_of(model.record) for model in in_use)
    ]
    runs = {stages[name].run.name for name in names or [next(iter(stages))]}
    if len(runs) == 1:  # a packed run has weights of one stage but predictions of all
        names = [name for name, stage in stages.items() if stage.run.name in runs]
    return names[: len(STAGES)]


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
