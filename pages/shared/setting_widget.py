"""The widget of a setting, made from its declaration."""

from typing import Any

import streamlit as st

from core.config import Declaration
from pages.shared.first_value import first_value
from pages.shared.texts import _, translated


def setting_widget(
    setting: Declaration, value: Any, key: str, disabled: bool = False, stage: int | None = None
) -> Any:
    """Draw a widget that allows exactly what the declaration allows.

    Args:
        setting: the declaration.
        value: at first; where the setting has one value for each stage, that of `stage`.
        key: of the widget.
        disabled: whether it has no effect now.
        stage: number of a stage, for a setting with one value for each stage.

    Returns:
        The chosen value; None where a number is left empty.
    """
    label = translated(setting.label)
    if stage is not None:
        label = _("{setting}, stage {number}").format(setting=label, number=stage)
    options: dict[str, Any] = {"key": key, "help": translated(setting.full_help(stage)), "disabled": disabled}
    value = first_value(key, value)
    if setting.choices:
        index = setting.choices.index(value) if value in setting.choices else None
        return st.selectbox(label, setting.choices, index, **options)
    if setting.kind is bool:
        return st.checkbox(label, bool(value), **options)
    if setting.bounds is None:
        return st.text_input(label, value, **options)
    number = setting.kind
    low, high = (None if bound is None else number(bound) for bound in setting.bounds)
    step, value = number(setting.step), None if value is None else number(value)
    if setting.slider:
        return st.slider(label, low, high, value, step, "%g", **options)
    shown = "%d" if number is int else "%g"
    if not setting.none:
        return st.number_input(label, low, high, value, step, shown, **options)
    # With a first value of its own the widget could not be emptied. Assigned anew, the value is sent in each
    # run: a browser that is still drawing when the next run begins passes over what was sent only once.
    st.session_state[key] = st.session_state.get(key, value)
    return st.number_input(
        label, low, high, None, step, shown, placeholder=translated(setting.none), **options
    )
