"""What a user has written stays, and what she has seen changes with a word, as images and models change."""

import hashlib
import time

import pytest
from streamlit.testing.v1 import AppTest

from pages.diagnosis.entries import Entry
from pages.diagnosis.uploads import Upload
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow


@pytest.fixture
def uploaded(demo) -> dict[str, Entry]:
    """Two images."""
    uploaded = {}
    for path in sorted((demo / "test").rglob("*.jpeg"))[:2]:
        key = hashlib.sha256(path.read_bytes()).hexdigest()
        uploaded[key] = Entry(Upload(key, path.name, path.read_bytes, path.name), time.time())
    return uploaded


def own_finding(app: AppTest):
    (field,) = [field for field in app.text_input if field.label == "Your finding"]
    return field


def choose_model(app: AppTest, path: str) -> None:
    app.selectbox(key="tried-model").set_value(path).run()
    assert not app.exception


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def test_what_was_written_is_there_when_the_image_is_shown_again(trained, uploaded):
    app = opened("diagnosis", **{"entries": uploaded, "kept-anyway": True})
    own_finding(app).set_value("effusion").run()
    press(app, "Next")
    assert not own_finding(app).value
    press(app, "Previous")
    assert own_finding(app).value == "effusion"
    press(app, "Agree")
    (entry,) = [entry for entry in uploaded.values() if entry.human_reading]
    assert entry.human_reading.own == "effusion"
    press(app, "Undo")
    assert own_finding(app).value == "effusion"


def test_what_was_written_of_one_models_result_is_not_said_of_anothers(trained, uploaded):
    app = opened("diagnosis", **{"entries": uploaded, "kept-anyway": True})
    own_finding(app).set_value("effusion").run()
    choose_model(app, str(trained.weights_path(1)))
    assert not own_finding(app).value
    choose_model(app, "")
    assert own_finding(app).value == "effusion"


def test_a_finding_that_still_has_a_removed_box_says_so(trained, uploaded):
    app = opened("diagnosis", **{"entries": uploaded, "kept-anyway": True, "kept-log": False})
    shown = uploaded[app.session_state["desk"].shown]
    shown.box = (0.1, 0.1, 0.5, 0.5)
    press(app, "Agree")
    app.session_state["desk"].show(shown)
    app.run()
    assert shown.human_reading.box and not any("box" in caption.value for caption in app.caption)
    shown.box = None
    app.run()
    assert any("saves your finding without the box" in caption.value for caption in app.caption)
    press(app, "Agree")
    assert shown.human_reading.box is None


def test_another_model_that_answers_now_is_named(trained, uploaded):
    app = opened("diagnosis", **{"entries": uploaded, "answering": "mine/1 (12345678)"})
    (notice,) = [info.value for info in app.info if "answers now" in info.value]
    assert r"before, mine/1 \(12345678\) did" in notice
    app.run()
    assert any("answers now" in info.value for info in app.info)
    press(app, "Understood")
    assert not any("answers now" in info.value for info in app.info)
