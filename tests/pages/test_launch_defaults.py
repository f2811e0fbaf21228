"""Where the form of a new run starts: with what a newcomer can finish, and nothing that cannot be had."""

from pathlib import Path

import pytest
import streamlit as st
from short_runs import wait_until
from streamlit.testing.v1 import AppTest

from core.config import PROJECT
from core.weights import imagenet


@pytest.fixture
def offline(tmp_path, monkeypatch) -> Path:
    """No connection, and Keras's cache, empty, in a folder of the test."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    st.cache_resource.clear()
    yield tmp_path / "keras" / "models"
    st.cache_resource.clear()


def training_form(dataset: Path) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300).run()
    app.session_state["dataset"] = str(dataset)
    app.switch_page("pages/training/page.py").run()
    assert not app.exception and not app.error
    return app


def value(app: AppTest, label: str) -> str:
    return next(item.value for item in app.radio if item.label == label)


def test_a_synthetic_set_starts_from_the_quick_preset(demo, offline):
    app = training_form(demo)
    assert value(app, "Preset") == "quick"
    assert not app.code  # which would be loaded with the page
    app.session_state["terminal"] = True
    assert "--preset quick" in app.run().code[0].value


def test_weights_that_cannot_be_had_are_not_preselected(demo, offline):
    app = training_form(demo)
    wait_until(lambda: value(app.run(), "Starting weights") == "none")
    assert any(str(offline) in item.value and "cannot be downloaded" in item.value for item in app.caption)
    app.run()
    assert value(app, "Starting weights") == "none"


def test_weights_in_the_cache_of_keras_are_preselected_without_a_connection(demo, offline):
    offline.mkdir(parents=True)
    (offline / imagenet.FILE).touch()
    app = training_form(demo)
    assert value(app, "Starting weights") == "imagenet"
    assert not any("cannot be downloaded" in item.value for item in app.caption)
