"""Shadows on the Comparison page: made and stopped in Promotion, compared with the active model in Shadow."""

import subprocess

import pytest

from core import config
from core.registry import events, find_model, make_shadow, shadows
from core.shadow import ShadowStore
from pages.shared.markdown import escaped
from tests.pages.opened_page import opened, shown_table

pytestmark = pytest.mark.slow

ACTIVE = "bundled/3 (12345678)"


@pytest.fixture(autouse=True)
def finished_run(trained, own_home):
    """A home with a finished run."""
    config.runs_folder().mkdir(parents=True)
    subprocess.run(["cp", "-al", trained.path, config.runs_folder() / "mine"], check=True)  # hard links


def click(app, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception and not app.error


def test_a_shadow_is_made_and_stopped_on_the_page():
    app = opened("comparison", section="Promotion")
    app.selectbox(key="to-promote").set_value(find_model("mine/2")).run()
    next(text for text in app.text_input if text.label == "Reason").set_value("to compare").run()
    click(app, "Make shadow")
    assert [shadow.title for shadow in shadows()] == ["mine/2@1"]
    app = opened("comparison", section="Promotion")
    app.selectbox(key="to-promote").set_value(find_model("mine/2@1")).run()
    click(app, "Stop shadow")
    assert not shadows()
    assert [(event.action, event.reason) for event in events()] == [
        ("shadow", "to compare"),
        ("stop shadow", ""),
    ]


def test_images_whose_label_changed_are_shown_where_they_are_at_hand(trained):
    app = opened("comparison", section="Shadow")
    assert "No model is a shadow" in app.info[-1].value
    make_shadow("mine/2", "tests")
    known = trained.results.predictions(3, "test").iloc[0]
    identity, store = str(shadows()[0].identity), ShadowStore()
    for digest in (known["sha256"], "f" * 64):
        store.add(digest, (ACTIVE, "NORMAL", 0.2), (identity, "PNEUMONIA", 0.8))
    store.add("e" * 64, (ACTIVE, "NORMAL", 0.1), (identity, "NORMAL", 0.2))
    store.add_missed(identity, "It was tired.", 7)
    app = opened("comparison", section="Shadow")
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures == {
        "Images read by both": "3",
        "Same label": "33.3%",
        "Label changed": "2",
        "Pneumonia, active": "0.0%",
        "Pneumonia, shadow": "66.7%",
    }
    table = shown_table(app).set_index("SHA-256")
    assert list(table.index) == ["f" * 12, known["sha256"][:12]]
    assert [text.startswith("![](data:image/jpeg") for text in table["Image"]] == [False, True]
    assert list(table["Shadow"]) == ["PNEUMONIA 80.0%"] * 2
    assert list(table["True label"]) == ["unknown", known["label"]]
    captions = " ".join(caption.value for caption in app.caption)
    assert escaped("Not read 7: It was tired.") in captions
    assert app.subheader[0].value == escaped(identity)
