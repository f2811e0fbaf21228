"""The settings of the form, drawn from their declarations: one tab for each group."""

from dataclasses import replace
from typing import Any

import streamlit as st

from core.config import STAGES, Augmentation, Declaration, Group, TrainingSettings, declarations
from pages.shared.setting_widget import setting_widget
from pages.shared.texts import _, translated

ELSEWHERE = (Group.RUN, Group.STRATEGY)  # groups that the form draws above the tabs
PART = "augmentation"
COLUMNS, MIN_COLUMN_WIDTH = 3, 200


def change_settings(base: TrainingSettings, key: str) -> TrainingSettings:
    """Widgets for all settings.

    Args:
        base: what they show at first.
        key: distinguishes the widgets of one base from those of another; a widget's own key is this, a dash
            and the name of the setting.
    """
    groups = tabs_of_form()
    values: dict[str, Any] = {}
    tabs = st.tabs([translated(group.heading) for group in groups])
    for tab, (group, settings) in zip(tabs, groups.items(), strict=True):
        with tab:
            if group == Group.AUGMENTATION:
                values[PART] = st.checkbox(
                    _("Augment"), base.augmentation is not None, key=f"{key}-{PART}", help=_("Default: on.")
                )
            _draw(settings, base, key, values)
    strengths = {name: values.pop(f"{PART}.{name}") for name in declarations(Augmentation)}
    values[PART] = Augmentation(**strengths) if values[PART] else None
    return replace(base, **values)


def tabs_of_form() -> dict[Group, list[Declaration]]:
    """The settings of each tab, under its title."""
    groups: dict[Group, list[Declaration]] = {}
    for setting in declarations(TrainingSettings).values():
        if setting.group not in ELSEWHERE:
            groups.setdefault(setting.group, []).append(setting)
    return groups


def _draw(settings: list[Declaration], base: TrainingSettings, key: str, values: dict[str, Any]) -> None:
    """Draw the settings of one tab and put what is chosen into `values`."""
    with st.grid(COLUMNS, min_column_width=MIN_COLUMN_WIDTH):
        for setting in settings:
            if not setting.per_stage:
                off = _is_without_effect(setting, base, values)
                value = _value(base, setting.name)
                values[setting.name] = setting_widget(setting, value, _key(setting, base, key), off)
    for setting in settings:
        if setting.per_stage:
            with st.grid(COLUMNS, min_column_width=MIN_COLUMN_WIDTH):
                values[setting.name] = tuple(
                    setting_widget(setting, value, f"{key}-{setting.name}-{stage}", stage=stage)
                    for stage, value in zip(STAGES, _value(base, setting.name), strict=True)
                )


def _value(base: TrainingSettings, name: str) -> Any:
    part, _dot, inner = name.rpartition(".")
    return getattr(base.augmentation or Augmentation(), inner) if part else getattr(base, name)


def _key(setting: Declaration, base: TrainingSettings, key: str) -> str:
    """A setting that the data set decides at first is reset for another set or another decision there."""
    if setting.from_dataset:
        key = f"{key}-{base.data}-{getattr(base, setting.name)}"
    return f"{key}-{setting.name}"


def _is_without_effect(setting: Declaration, base: TrainingSettings, values: dict[str, Any]) -> bool:
    """Whether the current value of another setting leaves this one without effect."""
    if setting.group in (Group.AUGMENTATION, Group.APPEARANCE) and not values[PART]:
        return True
    if setting.only_with is None:
        return False
    name, needed = setting.only_with
    return values.get(name, getattr(base, name)) != needed
