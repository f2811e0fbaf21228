"""The app as `make run` starts it, and a browser to look at it with."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
START_S = 60


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def running(home: Path, port: int | None = None, options: Sequence[str] = ()) -> Iterator[str]:
    """A server whose runs, data and weights live in `home`; gives its address.

    Args:
        home: a folder; created.
        port: to listen on; a free one where it is None.
        options: more of Streamlit's.

    Raises:
        RuntimeError: it did not start; the text is its log.
    """
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "server.py", "--server.port", str(port), *options]
    environment = {**os.environ, "PNEUMONIA_STUDIO_HOME": str(home)}
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "server.log", "w") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    try:
        if not came_up(process, f"{address}/_stcore/health"):
            raise RuntimeError((home / "server.log").read_text())
        yield address
    finally:
        process.terminate()
        process.wait(20)


def came_up(process: subprocess.Popen, address: str) -> bool:
    """Wait until a server answers at an address; whether it did, and did not end before."""
    deadline = time.monotonic() + START_S
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _answers(address: str) -> bool:
    try:
        return urllib.request.urlopen(address, timeout=2).status == 200
    except OSError:
        return False


def chromium() -> str | None:
    """Path of the browser, where it is installed."""
    return shutil.which("chromium")


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium.

    Raises:
        RuntimeError: there is none.
    """
    if not chromium():
        raise RuntimeError(
            "Chromium is missing: install the package 'chromium' (Debian: apt install chromium)."
        )
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


def exceeds(page: Page, count: str, least: int) -> None:
    """Wait until a JavaScript function gives more; asked at each frame, as is usual, it would cost a core."""
    page.wait_for_function(f"({count})() > {least}", polling=500)


def settled(page: Page) -> None:
    """Wait until the page's script has run."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
