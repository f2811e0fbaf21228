"""What each role finds on the pages, by Streamlit's own test runner with somebody signed in."""

import pytest

from core.config import environment
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def lists(monkeypatch):
    monkeypatch.setenv(environment.OWNERS.name, "owner@clinic.example")
    monkeypatch.setenv(environment.TRAINERS.name, "trainer@clinic.example")


def buttons(role: str, page: str, **session) -> set[str]:
    return {button.label for button in opened(page, f"{role}@clinic.example", **session).button}


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
