"""How grey levels are shown that were not encoded for an ordinary display.

Sources: PNG specification, 11.3.2.2 (gAMA); ICC.1, through LittleCMS.
"""

import io
from functools import lru_cache
from typing import Any

import numpy as np
import PIL.Image
from PIL import ImageCms

from core.errors import UserError
from core.sentence import Sentence

DISPLAY_GAMMA = 2.2
GAMMAS = (0.1, 2.0)  # of files; anything else is a mistake
TOLERANCE = 4  # grey levels: profiles of ordinary displays change less
LEVELS = np.arange(256, dtype=np.uint8)


class ToneError(UserError):
    """Grey levels that cannot be shown as the file demands; the message is without the file's name."""


def gamma_table(gamma: float) -> np.ndarray | None:
    """Shown grey levels by a PNG's gamma, uint8 (256,); None if an ordinary display shows them as they are.

    Args:
        gamma: exponent of encoding; 1/2.2 for ordinary images, 1 for linear ones.

    Raises:
        ToneError: no display has such a gamma.
    """
    low, high = GAMMAS
    if not low <= gamma <= high:
        raise ToneError(
            Sentence("has a gamma (gAMA) of {gamma:g}, which no display has. Export it without.", gamma=gamma)
        )
    return _unless_ordinary(np.rint(255 * (LEVELS / 255.0) ** (1 / (gamma * DISPLAY_GAMMA))))


@lru_cache(maxsize=16)
def profile_table(profile: bytes) -> np.ndarray | None:
    """Shown luminance of grey levels by a colour profile, uint8 (256,); None if it is as they are.

    A profile that is damaged, or neither grey nor RGB, is passed over, as viewers do.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        opened: Any = source.profile
        mode = {"GRAY": "L", "RGB": "RGB"}.get(opened.xcolor_space.strip())
        if mode is None:
            return None
        shown = ImageCms.profileToProfile(
            PIL.Image.fromarray(LEVELS[np.newaxis]).convert(mode),
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None
    return None if shown is None else _unless_ordinary(np.asarray(shown.convert("L"))[0])


def _unless_ordinary(table: np.ndarray) -> np.ndarray | None:
    return table.astype(np.uint8) if np.abs(table - LEVELS.astype(float)).max() > TOLERANCE else None
