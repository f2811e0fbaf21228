"""A client of the API, and synthetic images to send to it."""

import io

import numpy as np
import requests
from PIL import Image

from core.dataset import draw_chest

CAUSES = ("bacteria", "virus", "none")


def synthetic_image(number: int) -> bytes:
    """A synthetic chest image as a JPEG file; consecutive numbers take the three causes in turn."""
    pixels = draw_chest(np.random.default_rng([55, number]), CAUSES[number % len(CAUSES)])
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def predict(address: str, images: list[bytes], **parameters: int) -> dict:
    """The API's response for images.

    Args:
        address: of the server.
        images: encoded files.
        parameters: of the query, such as `heatmap=1`.

    Raises:
        requests.RequestException: the server cannot be reached or refuses the request.
    """
    files = [("file", (f"{number}.jpeg", image)) for number, image in enumerate(images)]
    response = requests.post(
        f"{address}/api/predict", files=files, params={"anyway": 1, **parameters}, timeout=60
    )
    response.raise_for_status()
    return response.json()
