"""The real server and a real browser."""

import pytest
from playwright.sync_api import Page

from benchmarks.app import browser, running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app as `make run` starts it, with an empty home; its address."""
    with running(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="module")
def page() -> Page:
    """A page of a headless Chromium."""
    with browser() as program:
        page = program.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(30_000)
        yield page
