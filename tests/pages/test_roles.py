"""What each role finds on the pages, by Streamlit's own test runner with somebody signed in."""

import pytest
from streamlit.testing.v1 import AppTest

from core.config import environment
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def lists(monkeypatch):
    monkeypatch.setenv(environment.OWNERS.name, "owner@clinic.example")
    monkeypatch.setenv(environment.TRAINERS.name, "trainer@clinic.example")


def buttons(role: str, page: str, **session) -> set[str]:
    return {button.label for button in opened(page, f"{role}@clinic.example", **session).button}


def names_who_signed_in() -> None:
    import streamlit as st

    from pages.shared.user import signed_in_user

    st.text(signed_in_user())


def test_whoever_signed_in_goes_by_a_name_of_the_provider():
    app = AppTest.from_function(names_who_signed_in, default_timeout=60)
    app.secrets["auth"] = {}
    claims = {"email": "eva@clinic.example", "preferred_username": "eva", "sub": "1234"}
    for name in list(claims):
        app.user = claims
        assert app.run().text[0].value == claims.pop(name)


def test_criteria_bear_the_name_of_who_signed_in(trained):
    app = opened("site", "owner@clinic.example", **{"site-source": "/nowhere", "site-section": "Accept"})
    assert "Sensitivity at least" in [field.label for field in app.number_input]
    assert "Your name" not in [field.label for field in app.text_input]


def test_only_an_owner_promotes(trained):
    decisions = {"Promote", "Make shadow"}
    for role, offered in (("trainer", set()), ("owner", decisions)):
        assert buttons(role, "comparison", section="Promotion") & decisions == offered


def test_a_reader_neither_trains_nor_deletes(trained, demo):
    assert {"Edit", "Delete"} <= buttons("trainer", "training", view="Runs")
    assert not {"Edit", "Delete"} & buttons("reader", "training", view="Runs")
    app = opened("training", "reader@clinic.example", view="New run")
    assert not [button for button in app.button if button.label == "Start training"]
    assert "Training a model requires the role of trainer or owner" in "".join(
        caption.value for caption in app.caption
    )
    assert "Get data" not in buttons("reader", "dataset", dataset=str(demo))
