"""Films as a browser takes them."""

import base64
import io

import numpy as np
from PIL import Image


def data_address(pixels: np.ndarray, most_side: int, quality: int = 75) -> str:
    """A film as the data address of a JPEG.

    Args:
        pixels: uint8 (height, width).
        most_side: pixels; what is larger is made smaller.
        quality: of the JPEG.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((most_side, most_side), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
