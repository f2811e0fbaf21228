"""Models side by side: numbers with their uncertainty, tests, operating points, where they fail."""

import streamlit as st

from core import evaluation
from core.config import STAGES
from core.dataset import cohorts
from core.diagnosis import AvailableModel, available_models, save_operating_point
from core.errors import UserError
from core.evaluation import OperatingPoint, Predictions
from core.runs import list_runs, shipped_runs, sweep_names
from core.study import Candidate, Study, measured_stages
from pages.comparing.calibration import calibration
from pages.comparing.curves import curves
from pages.comparing.errors import errors
from pages.comparing.film_map import show_map
from pages.comparing.groups import groups
from pages.comparing.losses import losses
from pages.comparing.numbers import numbers
from pages.comparing.pictures import choose_format
from pages.comparing.reading import reading
from pages.comparing.report import report
from pages.comparing.sweeps import sweeps
from pages.next_step import offer_training

ALL = "all films"
SECTIONS = {
    "Numbers": numbers,
    "Curves": curves,
    "Calibration": calibration,
    "Groups": groups,
    "Errors": errors,
    "What they read": reading,
    "Map": show_map,
    "Training": losses,
    "Report": report,
}
POINTS = {
    "half": "0.5",
    "youden": "Youden's J",
    "sensitivity": "Sensitivity at least",
    "specificity": "Specificity at least",
    "cost": "Lowest cost",
    "own": "A threshold of my own",
}


def main() -> None:
    st.title("Comparison")
    candidates = {item.name: item for item in measured_stages([*list_runs(), *shipped_runs()])}
    if not candidates:
        offer_training(
            "No model has been measured yet. Train the three stages; their numbers stand here then."
        )
        return
    answering = available_models()
    names = st.multiselect(
        "Models",
        list(candidates),
        default=preselected(candidates, answering),
        help="Every stage of every run that was measured. Up to five at once.",
        max_selections=5,
    )
    choices = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    split = choices.segmented_control("Split", ["test", "validation"], default="test", required=True)
    if not names:
        st.info("Choose one model or more.")
        return
    chosen = [candidates[name] for name in names]
    with choices:
        cohort = choose_cohort(chosen)
        together = st.toggle(
            "Ensemble",
            key="ensemble",
            disabled=len(names) < 2,
            help="The mean of the models' calibrated probabilities, as one more model.",
        )
        choose_format()
        point = choose_point(answering)
    try:
        study = Study.of(chosen, split, cohort, together)
        if study.synthetic:
            st.warning(
                "**SYNTHETIC** data: these numbers say nothing about real X-rays.", icon=":material/draw:"
            )
        for remark in study.remarks:
            st.info(remark, icon=":material/info:")
        study = study.at(operating_points(study.validation, *point))
        offer_to_save(study, answering)
        sections = SECTIONS | ({"Sweeps": sweeps} if sweep_names() else {})
        section = st.segmented_control(
            "Show", list(sections), default="Numbers", required=True, key="section"
        )
        sections[section](study)
    except UserError as error:
        st.error(str(error), icon=":material/error:")


def offer_to_save(study: Study, answering: list[AvailableModel]) -> None:
    """A button that gives the models that diagnose now the thresholds that are shown.

    The model that came along keeps its own: its card says how it answers.
    """
    current = {(model.record.run, model.stage.number): model for model in answering}
    saved = {}
    for item in study.candidates:
        model = current.get((item.run.name, item.stage))
        if model and not model.shipped and model.record.threshold != study.thresholds[item.name]:
            saved[item.name] = model
    if saved and st.button(
        "Use in diagnosis",
        icon=":material/save:",
        help=f"Saves the thresholds above with {', '.join(saved)}.",
    ):
        for name, model in saved.items():
            save_operating_point(model, study.points[name])
        st.toast("Diagnosis now uses these thresholds.", icon=":material/check:")


def preselected(candidates: dict[str, Candidate], answering: list[AvailableModel]) -> list[str]:
    """The stages of the run that diagnoses now, as far as they were measured; else the newest run's."""
    current = {(model.record.run, model.stage.number) for model in answering}
    runs = {run for run, _ in current}
    if len(runs) == 1:  # of a packed run one stage answers, and all were measured
        current = {(*runs, stage) for stage in STAGES}
    found = [name for name, item in candidates.items() if (item.run.name, item.stage) in current]
    newest = next(iter(candidates.values())).run.name
    return (found or [name for name, item in candidates.items() if item.run.name == newest])[: len(STAGES)]


def choose_cohort(chosen: list[Candidate]) -> tuple[str, frozenset[str]] | None:
    """Name and films of a cohort of the models' sets; None for all, or where no cohort was kept."""
    roots = sorted({item.data for item in chosen})
    known = {name: digests for root in roots for name, digests in cohorts(root).items()}
    if not known:
        return None
    name = st.selectbox("Films", [ALL, *known], key="films", width=240, help="All, or a cohort of the set.")
    return (name, known[name]) if name in known else None


def choose_point(answering: list[AvailableModel]) -> tuple[str, float | None]:
    """How thresholds are found, at first as those of diagnosis were; the rate, cost or threshold of it."""
    rules = {model.record.threshold_rule for model in answering}
    first = evaluation.FROZEN.get(rules.pop(), "half") if len(rules) == 1 else "half"
    rule = st.selectbox(
        "Operating point",
        list(POINTS),
        index=list(POINTS).index(first),
        format_func=POINTS.get,
        key="rule",
        width=240,
    )
    amount = None
    if rule in ("sensitivity", "specificity"):
        amount = st.number_input(
            "at least", 0.5, 1.0, evaluation.SENSITIVITY, 0.01, key=f"least-{rule}", width=140
        )
    elif rule == "cost":
        amount = st.number_input("a miss costs as many false alarms", 0.1, 1000.0, 5.0, key="cost", width=240)
    elif rule == "own":
        amount = st.slider("Threshold", 0.0, 1.0, 0.5, 0.01, key="threshold", width=420)
    return rule, amount


def operating_points(
    validation: dict[str, Predictions], rule: str, amount: float | None
) -> dict[str, OperatingPoint]:
    """A threshold for each model: one for all, or found on the validation images of each."""
    if rule == "own":
        found = dict.fromkeys(validation, OperatingPoint("own", amount, "chosen by hand"))
    else:
        found = {
            name: evaluation.found_by(rule, model.labels, model.probabilities, amount)
            for name, model in validation.items()
        }
    said = "; ".join(f"{name}: {point.threshold:.3f}" for name, point in found.items())
    st.caption(f"Thresholds, {next(iter(found.values())).rule}: {said}. No threshold is ever found on test.")
    return found


main()
