"""Drawn chests to try the page with."""

import hashlib
import io

import PIL.Image

from core.dataset import draw_example
from pages.diagnosis.uploads import Upload

# Seed, and whether there is an opacity, by name.
EXAMPLES = {"SYNTHETIC example 1.png": (5, True), "SYNTHETIC example 2.png": (0, False)}


def examples() -> list[Upload]:
    """One chest with an opacity and one without, drawn from fixed seeds."""
    return [_drawn(name, seed, with_opacity) for name, (seed, with_opacity) in EXAMPLES.items()]


def _drawn(name: str, seed: int, with_opacity: bool) -> Upload:
    buffer = io.BytesIO()
    PIL.Image.fromarray(draw_example(seed, with_opacity)).save(buffer, "PNG")
    data = buffer.getvalue()
    return Upload(hashlib.sha256(data).hexdigest(), name, lambda: data, name)
