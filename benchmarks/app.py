"""The app as `make run` starts it, and a browser to open it in."""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
MAX_START_S = 300  # on a machine with much else to do
HEALTH = "/_stcore/health"  # of a server of Streamlit's
FIGURES = """[...document.querySelectorAll('.js-plotly-plot')]
    .filter(figure => !figure.closest('details:not([open])'))"""  # those that are drawn
FIGURES_FIT = f"""{FIGURES}.every(figure => {{
    const {{ right, width }} = figure.getBoundingClientRect();
    const room = figure.closest('[data-testid=stVerticalBlock]').getBoundingClientRect();
    const drawn = figure.querySelector('.main-svg').getBoundingClientRect().width;
    return right < room.right + 2 && Math.abs(drawn - width) < 2;
}})"""
FINISHED = "[data-testid=stApp][data-test-script-state=notRunning]"  # a page whose script is not running
FINISHED_TWICE = f"""() => {{
    const now = document.querySelector('{FINISHED}') !== null, twice = now && window.finishedBefore;
    window.finishedBefore = now && !twice;
    return twice;
}}"""


def free_port() -> int:
    """A port on which nothing listens, below those that the system gives to connections meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)  # tests that run at once begin with one seed
        with suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port


@contextmanager
def running(home: Path, port: int | None = None, options: Sequence[str] = ()) -> Iterator[str]:
    """Run a server whose runs, data and weights are in `home`.

    Args:
        home: a folder, created if it is missing.
        port: to listen on; None picks a free one.
        options: further options for Streamlit.

    Yields:
        Its address.

    Raises:
        RuntimeError: the server did not start; the message is its log.
    """
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "core", "run", "--port", str(port), *options]
    environment = {**os.environ, "PNEUMONIA_STUDIO_HOME": str(home)}
    home.mkdir(parents=True, exist_ok=True)
    log_path = home / f"server-{port}.log"
    with (
        open(log_path, "w") as log,
        serving(command, f"{address}{HEALTH}", cwd=PROJECT, env=environment, stdout=log, stderr=log) as is_up,
    ):
        if not is_up:
            raise RuntimeError(log_path.read_text())
        yield address


@contextmanager
def serving(command: Sequence[str], address: str, **options: Any) -> Iterator[bool]:
    """Run a server.

    Args:
        command: that starts it.
        address: at which it responds once it is up.
        options: of `subprocess.Popen`.

    Yields:
        Whether it came up in time.
    """
    process = subprocess.Popen(command, **options)
    try:
        yield wait_until_up(process, address)
    finally:
        process.terminate()
        process.wait(120)


def wait_until_up(process: subprocess.Popen, address: str) -> bool:
    """Wait until a server responds at an address; False if it exits first or takes too long."""
    deadline = time.monotonic() + MAX_START_S
    while not _responds(address):
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _responds(address: str) -> bool:
    try:
        return urllib.request.urlopen(address, timeout=2).status == 200
    except OSError:
        return False


def chromium() -> str | None:
    """Path of the browser; None if it is not installed."""
    return shutil.which("chromium")


@contextmanager
def browser() -> Iterator[Browser]:
    """Run a headless Chromium.

    Raises:
        RuntimeError: it is not installed.
    """
    if not chromium():
        raise RuntimeError(
            "Chromium is missing: install the package 'chromium' (Debian: apt install chromium)."
        )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


def comes_true(page: Page, expression: str, arg: object = None) -> None:
    """Wait until a JavaScript expression, or a function of `arg`, returns something true.

    It is asked four times a second; Playwright's default, once a frame, would take a whole core.
    """
    page.wait_for_function(expression, arg=arg, polling=250)


def exceeds(page: Page, function: str, minimum: int) -> None:
    """Wait until a JavaScript function returns more than `minimum`."""
    comes_true(page, f"({function})() > {minimum}")


def settled(page: Page) -> None:
    """Wait until the page's script has finished, and has not begun again 250 ms later.

    Between a run that asks for another, or that a click ends, and the next one, nothing runs for a moment.
    After a click, wait for what only the new run shows first: until the server answers, nothing runs.
    """
    comes_true(page, FINISHED_TWICE)
