"""Drawn chests to try the page with."""

import hashlib
import io

import numpy as np
import PIL.Image

from core.dataset import draw_chest
from pages.diagnosis.uploads import Upload

EXAMPLES = {"SYNTHETIC example 1.png": (5, "bacteria"), "SYNTHETIC example 2.png": (4, "none")}


def examples() -> list[Upload]:
    """One chest with an opacity and one without, drawn from fixed seeds."""
    return [_drawn(name, seed, cause) for name, (seed, cause) in EXAMPLES.items()]


def _drawn(name: str, seed: int, cause: str) -> Upload:
    buffer = io.BytesIO()
    PIL.Image.fromarray(draw_chest(np.random.default_rng(seed), cause)).save(buffer, "PNG")
    data = buffer.getvalue()
    return Upload(hashlib.sha256(data).hexdigest(), name, lambda: data, name)
