"""The real server and a real browser, one of each for all files that need none of their own."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from benchmarks.app import browser, free_port, running

PATIENCE_MS = 180_000  # of a test, not of a person: several tests share two cores, whatever they are
# Without reduced motion, animations that nobody sees are drawn sixty times a second while a page waits.
BROWSER = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}


@pytest.fixture(scope="package")
def port() -> int:
    """For servers that follow one another: the browser keeps what it has loaded from an address."""
    return free_port()


@pytest.fixture(scope="package")
def served_home(tmp_path_factory) -> Path:
    """The home of the server, which is empty at first."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="package")
def server(served_home) -> Iterator[str]:
    """The app as `make run` starts it; its address."""
    with running(served_home) as address:
        yield address


@pytest.fixture(scope="package")
def trained_server(trained, home) -> Iterator[str]:
    """The same with a finished run, which answers."""
    with running(home) as address:
        yield address


@pytest.fixture(scope="package")
def bundled_server(tmp_path_factory) -> Iterator[str]:
    """The same with the bundled model, which answers."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("PNEUMONIA_STUDIO_BUNDLED", raising=False)
            address = stack.enter_context(running(tmp_path_factory.mktemp("bundled-server")))
        yield address


@pytest.fixture(scope="package")
def context() -> Iterator[BrowserContext]:
    """A headless Chromium that keeps what it has loaded from a server."""
    with browser() as program:
        context = program.new_context(**BROWSER)
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield context


@pytest.fixture(scope="module")
def page(context) -> Iterator[Page]:
    """A page of it; the context's other pages are as patient."""
    page = context.new_page()
    yield page
    page.close()
