"""The generated pages by name: templates filled with what the code declares, and one drawing."""

from collections.abc import Callable
from pathlib import Path

from docs.generate import api, architecture, command_line, conformance, environment, settings, training
from docs.generate.diagram import drawing

DOCS = Path(__file__).resolve().parents[1]
GENERATED: dict[str, Callable[[], str]] = {
    "api.md": api.page,
    "architecture.md": architecture.page,
    "architecture.svg": drawing,
    "command-line.md": command_line.page,
    "conformance.md": conformance.page,
    "environment.md": environment.page,
    "settings.md": settings.page,
    "training.md": training.page,
}
