"""The page on the architecture: its prose, and a table of rooms from their doors and imports."""

from docs.generate.diagram import layers
from docs.generate.imports import arrows, purpose
from docs.generate.template import filled


def page() -> str:
    """docs/architecture.md"""
    reached = arrows()
    rows = [
        (
            f"`core/{room}`",
            purpose(room),
            ", ".join(f"`{name}`" for name in sorted(reached[room])),
        )
        for layer in reversed(layers(reached))
        for room in layer
        if room != "pages"
    ]
    return filled("architecture.md", "the imports in core and pages", rows=rows)
