import io
import zipfile

import pytest

from core.errors import UserError
from core.images import images_in_zip, zips
from tests.images.zip_files import zipped


def test_images_come_out_with_names_and_the_rest_is_left():
    files = {
        "a/image.png": b"1",
        "b/IM0001": bytes(128) + b"DICM",
        "c/image.DCM": b"3",
        "notes.txt": b"4",
        "__MACOSX/image.png": b"5",
    }
    found = list(images_in_zip(zipped(files), "images.zip"))
    assert found == [("image.png", b"1"), ("IM0001", bytes(128) + b"DICM"), ("image.DCM", b"3")]


@pytest.mark.parametrize("name", ["../image.png", "/image.png", "C:/image.png", "a\\..\\..\\image.png"])
def test_paths_that_lead_out_are_refused(name):
    with pytest.raises(UserError, match="points outside the zip"):
        list(images_in_zip(zipped({name: b"1"}), "images.zip"))


def test_bombs_are_counted_while_they_are_read(monkeypatch):
    monkeypatch.setattr(zips, "MAX_TOTAL", 3 * 2**20)
    bomb = zipped({f"{n}.png": bytes(2**20) for n in range(10)}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb.getvalue()) < 2**17
    with pytest.raises(UserError, match="more than 3 MiB of images"):
        list(images_in_zip(bomb, "bomb.zip"))
    monkeypatch.setattr(zips, "MAX_FILES", 5)
    with pytest.raises(UserError, match="more than 5 images"):
        list(images_in_zip(zipped({f"{n}.png": b"" for n in range(6)}), "many.zip"))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no zip", zipped({"a.png": b"1" * 999}).getvalue()[:500]])
def test_damaged_zips_say_so(data):
    with pytest.raises(UserError, match="images.zip is damaged"):
        list(images_in_zip(io.BytesIO(data), "images.zip"))


def test_a_zip_without_images_says_so():
    with pytest.raises(UserError, match="contains no images"):
        list(images_in_zip(zipped({"notes.txt": b"1"}), "notes.zip"))
