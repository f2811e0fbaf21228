"""The choice of models: each is shown by what tells it apart, and kept in the address by its full name."""

import streamlit as st

from core.comparison import EvaluatedStage, shortly_named, stage_named
from core.config import STAGES
from core.registry import answering_models
from pages.shared.stored_texts import recognized
from pages.shared.texts import _

MAX_MODELS = 5
MODELS = "models"  # in the address and in the session
FULL_NAMES = "full-names"  # in the session: by the name that was shown last


def choose_models(evaluated: list[EvaluatedStage]) -> list[EvaluatedStage]:
    """Show the control; returns the chosen models.

    Args:
        evaluated: all that can be chosen, newest run first.
    """
    chosen = shortly_named(_chosen_last(evaluated))
    short = {stage.full_name: stage.name for stage in [*shortly_named(evaluated), *chosen]}
    stages = {short[stage.full_name]: stage for stage in evaluated}
    st.session_state[FULL_NAMES] = {name: stage.full_name for name, stage in stages.items()}
    shown = [stage.name for stage in chosen]
    if st.session_state.get(MODELS) != shown:  # whatever is set takes the place of the latest click's choice
        st.session_state[MODELS] = shown
    names = st.multiselect(
        _("Models"),
        list(stages),
        format_func=recognized,
        help=_(
            "Every evaluated stage of every run. Up to {maximum} at once. The address of this page keeps "
            "what you choose: open it again, or send it to a colleague."
        ).format(maximum=MAX_MODELS),
        max_selections=MAX_MODELS,
        key=MODELS,
    )
    models = [stages[name] for name in names]
    in_full = [stage.full_name for stage in models]
    if st.query_params.get_all(MODELS) != in_full:
        st.query_params[MODELS] = in_full
    return models


def _chosen_last(evaluated: list[EvaluatedStage]) -> list[EvaluatedStage]:
    """The models that are chosen in the control, or those in the address: runs come and go."""
    if MODELS in st.session_state:
        shown = st.session_state.get(FULL_NAMES, {})
        named = [shown.get(name, name) for name in st.session_state[MODELS]]
    else:
        named = st.query_params.get_all(MODELS)
    meant = [stage for name in named if (stage := stage_named(name, evaluated))]
    if meant or (MODELS in st.session_state and not named):
        return meant[:MAX_MODELS]
    return _preselected(evaluated)


def _preselected(evaluated: list[EvaluatedStage]) -> list[EvaluatedStage]:
    """The evaluated stages of the run in use for diagnosis; else those of the newest run."""
    in_use = answering_models()
    answering = [stage for stage in evaluated if any(stage.is_network_of(model.record) for model in in_use)]
    runs = {stage.run.name for stage in answering or evaluated[:1]}
    if len(runs) == 1:  # a packed run has weights of one stage but predictions of all
        answering = [stage for stage in evaluated if stage.run.name in runs]
    return answering[: len(STAGES)]
