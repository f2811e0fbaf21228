"""Promotion: which model answers, which are shadows, the checklist, and what was decided before."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.comparison import ModelComparison
from core.errors import UserError
from core.registry import (
    ACTIVE,
    NON_INFERIORITY_MARGIN,
    SHADOW,
    Event,
    PromotionCheck,
    RegisteredModel,
    Shadow,
    active_registered_model,
    checks_in_turn,
    events,
    list_models,
    make_shadow,
    promote,
    registers_version,
    retire,
    rollback,
    stop_shadow,
)
from core.roles import may
from pages.shared.failures import failures_shown, show_error
from pages.shared.markdown import escaped
from pages.shared.model_title import model_title
from pages.shared.registry_states import ACTIONS, STATES
from pages.shared.stored_texts import recognized
from pages.shared.tables import show_table
from pages.shared.technical_details import technical_details
from pages.shared.texts import _
from pages.shared.times import local_times
from pages.shared.user import offered, signed_in_user

OUTCOME = "promotion-outcome"  # in the session: what was decided here, and the number of decisions by then
CHECKS = "promotion-checks"  # in the session: what was checked last, and the checks
SHADOW_HELP = _(
    "It reads what the active model reads, in the background. What it says is never given as an "
    "answer; the section Shadow compares the two."
)


def show_promotion(comparison: ModelComparison) -> None:
    """Every model with its state; promotion of one of them, rollback and the log."""
    st.session_state.pop(CHECKS, None)
    _show(comparison)


@st.fragment  # so that a choice here does not compare the models above anew
@failures_shown()
def _show(comparison: ModelComparison) -> None:
    models = list_models()
    active = active_registered_model()
    st.caption(
        _(
            "The active model answers on the Diagnosis page, in the API, in the DICOM node and in "
            "batches. Training changes nothing there until a model is promoted here."
        )
    )
    decisions = events()
    outcome, decided = st.session_state.get(OUTCOME, ("", -1))
    if decided == len(decisions):  # it stands until the next decision, whoever takes that
        st.success(outcome, icon=":material/check:")
    show_table(_table(models))
    st.caption(_("Decision threshold: of the calibrated probability, as Diagnosis shows it."))
    others = [item for item in models if item.state != ACTIVE or item.reference_renewed]
    if others:
        first = next((n for n, item in enumerate(others) if _is_compared(item, comparison)), 0)
        item = st.selectbox(
            _("Model to promote"),
            others,
            first,
            format_func=lambda item: model_title(item.model),
            key="to-promote",
            width=420,
        )
        _promotion(item, active, len(decisions))
    _log(decisions, _titles(models))


def _promotion(item: RegisteredModel, active: RegisteredModel | None, decided: int) -> None:
    """The checklist of a model, and below it what may be decided about the model.

    `decided` is the number of decisions so far.
    """
    if item.reference_renewed:
        st.info(
            _(
                "Its reference was renewed after it was registered. Promote it to register it with the "
                "new one."
            ),
            icon=":material/info:",
        )
    margin = st.number_input(
        _("Margin"),
        0.0,
        0.5,
        NON_INFERIORITY_MARGIN,
        0.01,
        key="margin",
        width=160,
        help=_("By how much ROC AUC and sensitivity may be below the active model's."),
    )
    checks = _show_checks(item, active, margin, decided)
    if offered(promote, _("Promoting a model")):
        _decisions(item, checks, margin, decided)


def _show_checks(
    item: RegisteredModel, active: RegisteredModel | None, margin: float, decided: int
) -> list[PromotionCheck]:
    """Each check as soon as it is done; kept until something else is chosen, decided or the page is drawn."""
    subject = (item.title, item.model.identity, active and active.model.identity, margin, decided)
    known, checks = st.session_state.get(CHECKS, (None, []))
    if known == subject:
        for check in checks:
            _line(check)
        return checks
    checks, lines = [], st.container()
    with st.spinner(_("Checking the model ...")):
        for check in checks_in_turn(item, active, margin):
            checks.append(check)
            with lines:
                _line(check)
    st.session_state[CHECKS] = subject, checks
    return checks


def _decisions(item: RegisteredModel, checks: list[PromotionCheck], margin: float, decided: int) -> None:
    """The reason, and the buttons that promote a model, retire it or make it a shadow.

    A reason holds for one decision, an override for one on one model, and a button for one, however often it
    is clicked.
    """
    decision = f"{item.title}-{decided}"
    failed = [check.title for check in checks if not check.passed]
    reason = st.text_input(
        _("Reason"),
        key=f"reason-{decided}",
        help=_("Kept in the log. Needed if a check failed."),
        max_chars=500,
    ).strip()
    override = bool(failed) and st.checkbox(
        _("Promote {model} although {count} of {total} checks failed; every answer will say so").format(
            model=escaped(model_title(item.model)), count=len(failed), total=len(checks)
        ),
        key=f"override-{decision}",
    )
    if item.version and registers_version(item, checks):
        st.caption(_("Promoted now, it becomes a further version. This one stays as it is."))
    with st.container(horizontal=True):
        if st.button(
            _("Promote"),
            icon=":material/verified:",
            type="primary",
            key=f"promote-{decision}",
            disabled=bool(failed) and not (override and reason),
        ):
            _decide(
                lambda: promote(item.title, signed_in_user(), reason, failed if override else (), margin),
                _("{title} is active now.").format,
            )
        if item.state == SHADOW:
            if st.button(_("Stop shadow"), icon=":material/visibility_off:", key=f"stop-shadow-{decision}"):
                _decide(
                    lambda: stop_shadow(item.title, signed_in_user(), reason),
                    _("{title} is no longer a shadow.").format,
                )
        elif st.button(
            _("Make shadow"),
            icon=":material/visibility:",
            key=f"make-shadow-{decision}",
            help=SHADOW_HELP,
        ):
            _decide(
                lambda: make_shadow(item.title, signed_in_user(), reason),
                _("{title} is a shadow now.").format,
            )
        if item.version and st.button(_("Retire"), icon=":material/archive:", key=f"retire-{decision}"):
            _decide(lambda: retire(item.title, signed_in_user(), reason), _("{title} is retired.").format)


def _line(check: PromotionCheck) -> None:
    icon = ":green[:material/check_circle:]" if check.passed else ":red[:material/cancel:]"
    st.markdown(f"{icon} **{escaped(recognized(check.title))}**  \n{escaped(recognized(check.detail))}")
    if check.command:
        technical_details(_("The same from a terminal"), check.command)


def _log(decisions: list[Event], titles: dict[str, str]) -> None:
    """What was decided so far, with the models' `titles`, and the way back."""
    if not decisions:
        return
    st.subheader(_("Log"), anchor=False)
    table = pd.DataFrame(
        {
            _("Time"): local_times(event.time for event in decisions),
            _("Action"): [ACTIONS.get(event.action, event.action) for event in decisions],
            _("Model"): [titles.get(event.title, event.title) for event in decisions],
            _("Who"): [event.who for event in decisions],
            _("Reason"): [event.reason for event in decisions],
            _("Checks failed"): [
                "; ".join(title for title, result, _detail in event.checks if result == "failed")
                for event in decisions
            ],
        }
    )
    show_table(table[::-1])
    if may(rollback) and st.button(
        _("Roll back"),
        icon=":material/undo:",
        key=f"roll-back-{len(decisions)}",
        help=_("The model that was active before answers again."),
    ):
        _decide(lambda: rollback(signed_in_user()), _("{title} is active again.").format)


def _decide(decision: Callable[[], RegisteredModel | Shadow], outcome: Callable[..., str]) -> None:
    """Carry out a decision and show what it changed, or say why it changed nothing.

    `outcome` says what the decision has changed about the model of a `title`.
    """
    try:
        item = decision()
    except UserError as error:
        show_error(error)
        return
    titles = _titles(list_models())  # a decision may have registered a version
    st.session_state[OUTCOME] = outcome(title=escaped(titles.get(item.title, item.title))), len(events())
    st.rerun()


def _titles(models: list[RegisteredModel]) -> dict[str, str]:
    """What users call these models, by the names under which the registry has them."""
    return {item.title: model_title(item.model) for item in models}


def _table(models: list[RegisteredModel]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            _("Model"): [model_title(item.model) for item in models],
            _("State"): [STATES[item.state] for item in models],
            _("Trained on"): [item.model.record.data or _("unknown") for item in models],
            _("Test AUC"): [_test_auc(item) for item in models],
            _("Decision threshold"): [f"{item.model.threshold:.1%}" for item in models],
        }
    )


def _test_auc(item: RegisteredModel) -> float | None:
    return ((item.model.record.evaluation or {}).get("test") or {}).get("auc")


def _is_compared(item: RegisteredModel, comparison: ModelComparison) -> bool:
    return any(stage.is_network_of(item.model.record) for stage in comparison.stages)
