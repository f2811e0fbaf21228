"""Downloads of the Diagnosis page: a click is for the file of what is shown, and for no other."""

import io
from typing import Any

import pytest
import streamlit as st
from dicom_peers import dicom_image
from streamlit.testing.v1 import AppTest

from core.evaluation import OperatingPoint
from core.registry import active_model, list_models, register_operating_point
from pages.diagnosis import downloads
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow


def dicom_file(number: int) -> tuple[str, bytes, str]:
    """A name, the bytes of an image, and their type."""
    buffer = io.BytesIO()
    dicom_image(number).save_as(buffer, enforce_file_format=True)
    return f"image{number}.dcm", buffer.getvalue(), "application/dicom"


@pytest.fixture
def offered(monkeypatch) -> dict[str, tuple[str, str]]:
    """By label, the name of the file that a button was last drawn with, and its images and model."""
    offered: dict[str, tuple[str, str]] = {}
    draw = st.download_button

    def drawn(label: str, data: Any, file_name: str, **options) -> bool:
        offered[label] = file_name, (data() if callable(data) else data).decode()
        return draw(label, data, file_name, **options)

    def report(readings, model, _human) -> bytes:
        return f"{' '.join(reading.image.name for reading in readings)} {model.identity}".encode()

    monkeypatch.setattr(st, "download_button", drawn)
    monkeypatch.setattr(downloads, "reading_report", report)
    monkeypatch.setattr(downloads, "overlay_png", lambda reading: reading.image.name.encode())
    monkeypatch.setattr(downloads, "dicom_objects", lambda _data, reading, *_, **__: reading.image.name)
    monkeypatch.setattr(downloads, "_zipped", str.encode)
    return offered


@pytest.fixture
def two_images(narrow_bundle, own_home, offered) -> AppTest:
    """The page with two images; both were shown with their second opinions, now the first is."""
    register_operating_point("bundled/3", OperatingPoint("low", 0.2, "fixed"), "tests", {})
    app = opened("diagnosis", anyway=True)
    app.file_uploader[0].set_value([dicom_file(1), dicom_file(2)]).run()
    button(app, "Next").click().run()
    button(app, "Previous").click().run()
    assert not app.exception and not app.error
    return app


def button(app: AppTest, label: str):
    """The button of a label, to be clicked."""
    return next(item for item in [*app.button, *app.download_button] if item.label == label)


@pytest.mark.parametrize("label", ["PDF report", "Heat map", "DICOM objects"])
def test_a_click_for_one_image_gives_the_next_image_no_file_of_it(label, two_images, offered):
    before, _ = offered[label]
    button(two_images, label).click()  # while the page still works, so that one run answers both clicks
    button(two_images, "Next").click().run()
    assert not two_images.exception
    after, contents = offered[label]
    assert after != before and contents.startswith(f"{after[:6]}.dcm")
    button(two_images, label).click().run()
    assert offered[label] == (after, contents)


@pytest.mark.parametrize("label", ["PDF report", "PDF of all results"])
def test_a_click_for_one_model_gives_the_next_model_no_file_of_it(label, two_images, offered):
    (second,) = [item.model.path for item in list_models() if item.model.path != active_model().model.path]
    for path in (str(second), ""):  # so that both have given their second opinions
        two_images.selectbox(key="tried-model").set_value(path).run()
    assert "v1" not in offered[label][1]
    button(two_images, label).click()
    two_images.selectbox(key="tried-model").set_value(str(second)).run()
    assert not two_images.exception
    assert "bundled/3 v1" in offered[label][1]
    button(two_images, label).click().run()
    assert "bundled/3 v1" in offered[label][1]


def test_a_file_is_drawn_again_while_the_browser_fetches_it(two_images, offered, monkeypatch):
    before = offered["PDF report"]
    monkeypatch.setattr(downloads, "reading_report", lambda *_: b"another")
    button(two_images, "PDF report").click().run()
    assert offered["PDF report"] == before
    two_images.run()
    assert offered["PDF report"] == (before[0], "another")


def test_a_cleared_session_keeps_no_file(two_images):
    assert "file-pdf" in two_images.session_state and "file-all-pdf" in two_images.session_state
    button(two_images, "Clear this session").click().run()
    assert "file-pdf" not in two_images.session_state and "file-all-pdf" not in two_images.session_state
