"""The app as `make run` starts it, and a browser to look at it with."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
START_S = 60


@contextmanager
def running(home: Path) -> Iterator[str]:
    """A server on a free port whose runs, data and weights live in `home`; gives its address.

    Raises:
        RuntimeError: it did not start; the text is its log.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "server.py", "--server.port", str(port)]
    environment = {**os.environ, "PNEUMONIA_STUDIO_HOME": str(home)}
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "server.log", "w") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_S
        while not _answers(f"{address}/_stcore/health"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((home / "server.log").read_text())
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(20)


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


def settled(page: Page) -> None:
    """Wait until the page's script has run."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
