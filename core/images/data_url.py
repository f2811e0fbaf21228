"""Images as data URLs, which a browser shows without another request."""

import base64
import io

import numpy as np
import PIL.Image


def jpeg_data_url(pixels: np.ndarray, max_side: int, quality: int = 75) -> str:
    """Encode an image as the data URL of a JPEG.

    Args:
        pixels: uint8 ndarray of shape (height, width).
        max_side: in pixels; larger images are reduced to it.
        quality: of the JPEG, 1 to 95.
    """
    picture = PIL.Image.fromarray(pixels)
    picture.thumbnail((max_side, max_side), PIL.Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
