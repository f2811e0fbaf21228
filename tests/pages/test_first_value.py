"""Widgets that a callback sets: they show that value, and nothing is warned of in the server's log."""

import pytest
from streamlit.elements.lib import policies
from streamlit.testing.v1 import AppTest

CHANGED = {"epochs": 3, "steps": 40, "preprocessing": "clahe", "rotation": 5.0, "horizontal_flip": False}


@pytest.fixture(autouse=True)
def nothing_is_warned_of(monkeypatch, caplog):
    """Streamlit tells of a second value once in the life of a server."""
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)
    monkeypatch.setattr(policies._LOGGER, "propagate", True)
    yield
    assert not any("Session State API" in record.message for record in caplog.get_records("call"))


def choices():
    import streamlit as st

    from pages.shared.first_value import set_widgets
    from pages.shared.one_of import one_of

    st.button("Second", on_click=set_widgets, kwargs={"choice": "b"})
    st.session_state["chosen"] = one_of("Choice", {"a": "A", "b": "B"}, default="a", key="choice")


def test_a_choice_that_a_button_makes_stays():
    app = AppTest.from_function(choices, default_timeout=60).run()
    app.button[0].click().run()
    assert app.session_state["chosen"] == "b"
    app.run()
    assert app.session_state["chosen"] == "b" and not app.exception


def settings():
    import streamlit as st

    from core.config import Augmentation, TrainingSettings, declarations
    from pages.shared.first_value import set_widgets
    from pages.shared.setting_widget import setting_widget

    changed = st.session_state["changed"]
    st.button("Send", on_click=set_widgets, kwargs={f"form-{name}": each for name, each in changed.items()})
    declared = declarations(TrainingSettings) | declarations(Augmentation)
    st.session_state["values"] = {
        name: setting_widget(declared[name], st.session_state["before"][name], f"form-{name}")
        for name in changed
    }


def test_settings_of_every_kind_that_a_button_sends_stay():
    app = AppTest.from_function(settings, default_timeout=60)
    before = {"epochs": 8, "steps": None, "preprocessing": "none", "rotation": 10.0, "horizontal_flip": True}
    app.session_state["changed"], app.session_state["before"] = CHANGED, before
    app.run()
    assert app.session_state["values"] == before
    app.button[0].click().run()
    assert app.session_state["values"] == CHANGED
    app.run()
    assert app.session_state["values"] == CHANGED and not app.exception
