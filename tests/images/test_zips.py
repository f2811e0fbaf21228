import io
import zipfile

import pytest

from core.errors import UserError
from core.images import images_in_zip, zips


def zipped(files: dict[str, bytes], **options) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    buffer.seek(0)
    return buffer


def test_images_come_out_with_names_and_the_rest_is_left():
    files = {
        "a/film.png": b"1",
        "b/IM0001": b"2",
        "c/film.DCM": b"3",
        "notes.txt": b"4",
        "__MACOSX/film.png": b"5",
    }
    found = list(images_in_zip(zipped(files), "films.zip"))
    assert found == [("film.png", b"1"), ("IM0001", b"2"), ("film.DCM", b"3")]


@pytest.mark.parametrize("name", ["../film.png", "/film.png", "C:/film.png", "a\\..\\..\\film.png"])
def test_paths_that_lead_out_are_refused(name):
    with pytest.raises(UserError, match="leads out of its folder"):
        list(images_in_zip(zipped({name: b"1"}), "films.zip"))


def test_bombs_are_counted_while_they_are_read(monkeypatch):
    monkeypatch.setattr(zips, "MOST_TOTAL", 3 * 2**20)
    bomb = zipped({f"{n}.png": bytes(2**20) for n in range(10)}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb.getvalue()) < 2**17
    with pytest.raises(UserError, match="more than 3 MiB of images"):
        list(images_in_zip(bomb, "bomb.zip"))
    monkeypatch.setattr(zips, "MOST_FILES", 5)
    with pytest.raises(UserError, match="more than 5 images"):
        list(images_in_zip(zipped({f"{n}.png": b"" for n in range(6)}), "many.zip"))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no zip", zipped({"a.png": b"1" * 999}).getvalue()[:500]])
def test_damaged_zips_say_so(data):
    with pytest.raises(UserError, match="films.zip is damaged"):
        list(images_in_zip(io.BytesIO(data), "films.zip"))


def test_a_zip_without_images_says_so():
    with pytest.raises(UserError, match="holds no images"):
        list(images_in_zip(zipped({"notes.txt": b"1"}), "notes.zip"))
