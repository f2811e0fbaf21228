"""The page of settings and presets, from their declarations in core/config."""

from core.config import PRESETS, settings_page
from docs.generate.template import filled


def page() -> str:
    """docs/settings.md"""
    groups = {
        group: [(f"`{row['name']}`", row["default"], row["allowed"], row["help"]) for row in rows]
        for group, rows in settings_page.rows_by_group().items()
    }
    presets = [(f"`{name}`", *values) for name, *values in settings_page.preset_rows()]
    return filled("settings.md", "core/config", groups=groups, presets=PRESETS, preset_rows=presets)
