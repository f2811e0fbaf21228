"""The choice of the operating point."""

import streamlit as st

from core import evaluation
from core.comparison import ModelComparison
from core.evaluation import OperatingPoint
from core.registry import ZONES_LEFT_OUT, active_registered_model, change_operating_point
from core.roles import may
from pages.shared.markdown import escaped
from pages.shared.operating_rules import RULE_TITLES
from pages.shared.stored_texts import recognized
from pages.shared.texts import _, translated
from pages.shared.user import signed_in_user

OWN, MANUAL = "own", "manual"
NOTES = _(
    "Sets the decision thresholds, never on test images. They apply to probabilities before calibration (an "
    "ensemble's: after it); Diagnosis shows them after calibration."
)
RULES = {OWN: _("Each model's own"), **RULE_TITLES, MANUAL: _("Custom threshold")}


def choose_rule() -> tuple[str, float | None]:
    """The rule that sets the decision thresholds, with its rate, cost or threshold."""
    rule = st.selectbox(
        _("Operating point"),
        list(RULES),
        format_func=RULES.__getitem__,
        key="rule",
        bind="query-params",
        width=240,
        help=NOTES,
    )
    amount = None
    if rule in ("sensitivity", "specificity"):
        amount = st.number_input(
            _("At least"),
            0.5,
            1.0,
            evaluation.TARGET_SENSITIVITY,
            0.01,
            key=f"least-{rule}",
            bind="query-params",
            width=140,
        )
    elif rule == "cost":
        amount = st.number_input(
            _("Cost of a false negative, in false positives"),
            0.1,
            1000.0,
            5.0,
            key="cost",
            bind="query-params",
            width=320,
        )
    elif rule == MANUAL:
        amount = st.slider(
            _("Decision threshold"), 0.0, 1.0, 0.5, 0.01, key="threshold", bind="query-params", width=420
        )
    return rule, amount


def at_operating_point(comparison: ModelComparison, rule: str, amount: float | None) -> ModelComparison:
    """The comparison at the chosen operating point, its thresholds shown as a caption."""
    if rule == MANUAL:
        assert amount is not None  # the threshold
        comparison = comparison.at(
            dict.fromkeys(comparison.validation, OperatingPoint("custom", amount, "chosen by hand"))
        )
    elif rule != OWN:
        comparison = comparison.at(
            {
                name: evaluation.find_point(rule, model.labels, model.probabilities, amount)
                for name, model in comparison.validation.items()
            }
        )
    sentences = (translated(comparison.shared), _sentence(comparison.points))
    st.caption(" ".join(filter(None, sentences)))
    return comparison


def _sentence(points: dict[str, OperatingPoint]) -> str:
    """Thresholds by model, with one rule if all share it."""
    rules = {recognized(point.rule) for point in points.values()}
    by_name = {recognized(name): point for name, point in points.items()}
    if len(rules) == 1:
        thresholds = "; ".join(f"{name}: {point.threshold:.3f}" for name, point in by_name.items())
        return _("Decision thresholds ({rule}): {thresholds}.").format(
            rule=rules.pop(), thresholds=thresholds
        )
    thresholds = "; ".join(
        f"{name}: {point.threshold:.3f} ({recognized(point.rule)})" for name, point in by_name.items()
    )
    return _("Decision thresholds: {thresholds}.").format(thresholds=thresholds)


def offer_to_save(comparison: ModelComparison) -> None:
    """A button that gives the active model the threshold chosen here, as a new version.

    The bundled model keeps its own: its model card describes its threshold.
    """
    active = active_registered_model()
    if active is None or active.model.bundled or not may(change_operating_point):
        return
    names = [stage.name for stage in comparison.stages if stage.is_network_of(active.model.record)]
    if not names or comparison.thresholds[names[0]] == active.model.record.threshold:
        return
    if active.model.record.zones:
        st.caption(translated(ZONES_LEFT_OUT))
    if st.button(
        _("Use in diagnosis"),
        icon=":material/save:",
        help=_(
            "Registers {title} with this decision threshold as a new version, which answers from now on."
        ).format(title=active.title),
    ):
        changed = change_operating_point(active.title, comparison.points[names[0]], signed_in_user())
        st.success(_("{title} is active now.").format(title=escaped(changed.title)), icon=":material/check:")
