"""Pages of a home that cannot be written: case 21 of what the field throws at the product."""

import subprocess

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.anatomy import dataset_lungs
from core.config import preset
from core.dataset import open_dataset, save_cohort, write_synthetic_dataset
from core.runs import create_run, queue
from core.runs.jobs import runs_folder
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow


def messages(app: AppTest) -> str:
    return "\n".join(item.value for item in [*app.error, *app.toast]).replace("\\", "")


def click(app: AppTest, label: str) -> AppTest:
    app = next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


@pytest.fixture
def closed(small_disk, demo, monkeypatch):
    """A home with a data set, a cohort, a stopped and a queued run, that has become read-only."""
    home = small_disk("64m")
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(home))
    st.cache_resource.clear()  # of pages that other tests have opened in another home
    dataset = open_dataset(demo)
    save_cohort(dataset, "some", dataset.labels.nonzero()[0])
    for name in ("first", "waiting"):
        create_run(preset("quick").settings(data=str(demo), weights="none"), name)
    queue.add(runs_folder(), "waiting")
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
    return home


@pytest.mark.parametrize("page", ["dataset", "training", "comparison", "site", "diagnosis"])
def test_21_a_page_opens(page, closed, demo):
    opened(page, dataset=str(demo))


@pytest.mark.parametrize("page", ["dataset", "training", "comparison", "site", "diagnosis"])
def test_21_a_page_opens_where_a_file_takes_the_place_of_the_home(page, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    folder = write_synthetic_dataset(tmp_path / "set", images=20)
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path / "file"))
    app = opened(page, dataset=str(folder), view="New run")
    if page in ("dataset", "training"):
        assert "cannot be written" in messages(app)


def test_21_lungs_that_cannot_be_stored_are_refused_in_words(closed, demo):
    app = opened("dataset", dataset=str(demo))
    assert "cannot be written: its file system is read-only" in messages(click(app, "Find lungs"))


def test_21_the_audit_leaves_out_lungs_and_says_why(closed, demo):
    app = click(opened("dataset", dataset=str(demo), section="Audit"), "Run the audit")
    warnings = " ".join(item.value for item in app.warning).replace("\\", "")
    assert "The checks of lungs were left out." in warnings and "its file system is read-only" in warnings
    titles = [item.label for item in app.expander]
    assert any("byte-identical" in title for title in titles)
    assert not any("plausible lungs" in title for title in titles)


def test_21_lungs_that_are_gone_and_cannot_be_found_again_are_told_in_words(small_disk, demo, monkeypatch):
    home = small_disk("64m")
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(home))
    folder = write_synthetic_dataset(home / "set", images=20, seed=5)
    dataset_lungs(open_dataset(folder))
    app = opened("dataset", dataset=str(folder))
    (stored,) = home.rglob("lungs-*.npz")
    stored.unlink()
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
    app.selectbox(key="issue").select("no plausible lungs").run()
    assert not app.exception and "its file system is read-only" in messages(app)


def test_21_start_says_why_no_run_starts(closed, demo):
    app = opened("training", dataset=str(demo), view="New run")
    assert "cannot be written: its file system is read-only" in messages(click(app, "Start training"))


@pytest.mark.parametrize("label", ["Clear queue", "Resume"])
def test_21_buttons_of_runs_say_why_nothing_happens(label, closed):
    app = opened("training", view="Runs", run="first")
    assert "its file system is read-only" in messages(click(app, label))


def test_21_the_synthetic_set_says_why_it_is_not_drawn(small_disk, monkeypatch):
    home = small_disk("1m")
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(home))
    app = click(opened("dataset"), "Use the synthetic data set")
    assert "cannot be written" in messages(app)
