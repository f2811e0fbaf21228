"""Models side by side: numbers with their uncertainty, tests, operating points, where they fail."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core import evaluation
from core.config import STAGES
from core.dataset import cohorts
from core.diagnosis import available_models, save_operating_point
from core.errors import UserError
from core.evaluation import OperatingPoint, Predictions
from core.runs import list_runs
from pages.comparing.calibration import calibration
from pages.comparing.curves import curves
from pages.comparing.errors import errors
from pages.comparing.groups import groups
from pages.comparing.losses import losses
from pages.comparing.numbers import numbers
from pages.comparing.selection import Candidate, Selection
from pages.next_step import offer_training

ALL = "all films"
SECTIONS = {
    "Numbers": numbers,
    "Curves": curves,
    "Calibration": calibration,
    "Groups": groups,
    "Errors": errors,
    "Training": losses,
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
    candidates = {item.name: item for item in measured()}
    if not candidates:
        offer_training(
            "No model has been measured yet. Train the three stages; their numbers stand here then."
        )
        return
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    names = left.multiselect(
        "Models",
        list(candidates),
        default=preselected(candidates),
        help="Every stage of every run that was measured. Up to five at once.",
        max_selections=5,
    )
    split = right.segmented_control("Split", ["test", "validation"], default="test", required=True)
    films = cohort_films([candidates[name] for name in names])
    if not names:
        st.info("Choose one model or more.")
        return
    if any(candidates[name].run.facts().get("synthetic") for name in names):
        st.warning("**SYNTHETIC** data: these numbers say nothing about real X-rays.", icon=":material/draw:")
    try:
        models = [predictions(candidates[name], split, films) for name in names]
        validation = {name: predictions(candidates[name], "validation") for name in names}
        points = operating_points(validation)
        thresholds = {name: point.threshold for name, point in points.items()}
        offer_to_save({name: candidates[name] for name in names}, points)
        chosen = [candidates[name] for name in names]
        without = baselines(chosen[0], split, films)
        section = st.segmented_control(
            "Show", list(SECTIONS), default="Numbers", required=True, key="section"
        )
        SECTIONS[section](Selection(chosen, models, validation, without, thresholds, split))
    except UserError as error:
        st.error(str(error), icon=":material/error:")


def offer_to_save(chosen: dict[str, Candidate], points: dict[str, OperatingPoint]) -> None:
    """A button that gives the models that diagnose now the thresholds that are shown."""
    current = {(model.record.run, model.stage.number): model for model in available_models()}
    saved = {}
    for name, item in chosen.items():
        model = current.get((item.run.name, item.stage))
        if model and model.record.threshold != points[name].threshold:
            saved[name] = model
    if saved and st.button(
        "Use in diagnosis",
        icon=":material/save:",
        help=f"Saves the thresholds above with {', '.join(saved)}.",
    ):
        for name, model in saved.items():
            save_operating_point(model, points[name])
        st.toast("Diagnosis now uses these thresholds.", icon=":material/check:")


def measured() -> list[Candidate]:
    """Every stage of every run that has predictions, the newest run first."""
    return [Candidate(run, int(stage)) for run in list_runs() for stage in sorted(run.evaluation())]


def preselected(candidates: dict[str, Candidate]) -> list[str]:
    """The models that diagnose now, as far as their runs are here; else the newest run's."""
    current = {(model.record.run, model.stage.number) for model in available_models()}
    found = [name for name, item in candidates.items() if (item.run.name, item.stage) in current]
    newest = next(iter(candidates.values())).run.name
    return (found or [name for name, item in candidates.items() if item.run.name == newest])[: len(STAGES)]


def cohort_films(chosen: list[Candidate]) -> frozenset[str] | None:
    """SHA-256 of the films of a cohort of the models' sets; None for all, or where no cohort was kept."""
    roots = sorted({Path(item.run.settings().data) for item in chosen})
    known = {name: digests for root in roots for name, digests in cohorts(root).items()}
    if not known:
        return None
    name = st.selectbox("Films", [ALL, *known], key="films", width=240, help="All, or a cohort of the set.")
    return known.get(name)


def predictions(candidate: Candidate, split: str, films: frozenset[str] | None = None) -> Predictions:
    """What a model said of a split, or of some films of it; raises UserError where it was not measured."""
    table = candidate.run.predictions(candidate.stage, split)
    if table is not None and films is not None:
        table = table[table["sha256"].isin(films)]
        if table.empty:
            raise UserError(f"No film of that cohort is in {split} of {candidate.run.name}. Choose another.")
    return Predictions.of(candidate.name, pd.DataFrame() if table is None else table)


def baselines(candidate: Candidate, split: str, films: frozenset[str] | None) -> list[Predictions]:
    """What can be told of the films without lungs, as the run of a model kept it."""
    found = []
    for view, table in candidate.run.baselines(split).items():
        kept = table if films is None else table[table["sha256"].isin(films)]
        found.append(Predictions.of(f"No lungs: {view}", kept))
    return found


def operating_points(validation: dict[str, Predictions]) -> dict[str, OperatingPoint]:
    """A threshold for each model: one for all, or found on the validation images of each."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        rule = st.selectbox("Operating point", list(POINTS), format_func=POINTS.get, key="rule", width=240)
        amount = None
        if rule in ("sensitivity", "specificity"):
            amount = st.number_input("at least", 0.5, 1.0, 0.95, 0.01, key=f"least-{rule}", width=140)
        elif rule == "cost":
            amount = st.number_input(
                "a miss costs as many false alarms", 0.1, 1000.0, 5.0, key="cost", width=240
            )
        elif rule == "own":
            amount = st.slider("Threshold", 0.0, 1.0, 0.5, 0.01, key="threshold", width=420)
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
