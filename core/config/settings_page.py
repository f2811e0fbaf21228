"""All settings and presets as rows, for the documentation, and as text, for the terminal."""

import textwrap

from core.config.declaration import Declaration, declarations
from core.config.presets import PRESETS, differences
from core.config.settings import TrainingSettings

WIDTH, INDENT = 100, " " * 6


def settings_rows() -> list[dict[str, str]]:
    """One row for each setting: group, name, default, allowed values and help."""
    return [
        {
            "group": item.group,
            "name": item.name,
            "default": "required" if item.required else item.in_words(item.default) or "empty",
            "allowed": _allowed(item),
            "help": item.help,
        }
        for item in declarations(TrainingSettings).values()
    ]


def rows_by_group() -> dict[str, list[dict[str, str]]]:
    """The rows of the settings under each heading, in the order of the first setting of each."""
    rows: dict[str, list[dict[str, str]]] = {}
    for row in settings_rows():
        rows.setdefault(row["group"], []).append(row)
    return rows


def preset_rows() -> list[tuple[str, ...]]:
    """One row for each setting that a preset changes: its name, then its value in each preset."""
    known = declarations(TrainingSettings)
    changes = [differences(item.settings(preset="seed")) for item in PRESETS.values()]
    names = [name for name in known if any(name in changed for changed in changes)]
    values = {name: [changed.get(name, known[name].default) for changed in changes] for name in names}
    return [(name, *map(known[name].in_words, values[name])) for name in names]


def as_text() -> str:
    """The settings for a terminal, under their headings."""
    sections = []
    for group, rows in rows_by_group().items():
        lines = [group]
        for row in rows:
            lines.append(f"  {row['name']}  [{row['default']}]  {row['allowed']}")
            lines += textwrap.wrap(row["help"], WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
        sections.append("\n".join(lines))
    return "\n\n".join(sections)


def _allowed(item: Declaration) -> str:
    allowed = item.allowed + (f", or none for {item.none}" if item.none else "")
    return f"{allowed}; one for each stage" if item.per_stage else allowed
