"""What the API answers while the computer has no time to decode images."""

import io

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api import api_routes


@pytest.fixture
def image() -> bytes:
    file = io.BytesIO()
    Image.new("L", (120, 100), 90).save(file, "PNG")
    return file.getvalue()


def test_files_that_a_busy_computer_cannot_read_are_not_called_unreadable(
    own_home, narrow_bundle, busy_computer, image
):
    client = TestClient(Starlette(routes=api_routes()), "http://127.0.0.1")
    files = [("file", (name, image, "image/png")) for name in ("a.png", "b.png")]
    answer = client.post("/api/predict", files=files)
    assert answer.status_code == 503
    assert answer.json()["error"] == "a.png was not read: this computer is too busy. Try again later."
