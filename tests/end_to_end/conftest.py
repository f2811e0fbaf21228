"""The real server and a real browser."""

import pytest
from playwright.sync_api import Page, expect

from benchmarks.app import browser, running

PATIENCE_MS = 180_000  # of a test, not of a person: several tests share two cores, whatever they are


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app as `make run` starts it, with an empty home; its address."""
    with running(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="module")
def bundled_server(tmp_path_factory):
    """The same with the bundled model, which answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PNEUMONIA_STUDIO_BUNDLED", raising=False)
        with running(tmp_path_factory.mktemp("bundled-server")) as address:
            yield address


@pytest.fixture(scope="module")
def page() -> Page:
    """A page of a headless Chromium; pages of its context are as patient."""
    with browser() as program:
        context = program.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield context.new_page()
