"""The images of a session below the Diagnosis page, and how they are cleared."""

from dataclasses import replace

import pytest

from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow


def test_a_session_is_cleared_while_the_second_opinion_is_computed(narrow_bundle, own_home, demo):
    app = opened("diagnosis", anyway=True)
    image = next((demo / "test").rglob("*.jpeg"))
    app.file_uploader[0].upload(image.name, image.read_bytes()).run()
    (entry,) = app.session_state["entries"].values()
    for key, reading in entry.readings.items():  # as a click finds it that interrupts the page meanwhile
        assert reading.second_opinion
        entry.readings[key] = replace(reading, second_opinion=None)
    next(button for button in app.button if button.label == "Clear this session").click().run()
    assert not app.exception and not app.error
    assert "entries" not in app.session_state or not app.session_state["entries"]
    assert any(button.label == "Try an example" for button in app.button)
