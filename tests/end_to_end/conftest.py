"""The real server and a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app as `make run` starts it, with an empty home; its address."""
    home = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "server.py", "--server.port", str(port)]
    environment = {**os.environ, "PNEUMONIA_STUDIO_HOME": str(home)}
    with open(home / "server.log", "w") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    deadline = time.monotonic() + 60
    while not answers(f"{address}/_stcore/health"):
        assert process.poll() is None and time.monotonic() < deadline, (home / "server.log").read_text()
        time.sleep(0.1)
    yield address
    process.terminate()
    process.wait(20)


def answers(address: str) -> bool:
    """Whether a server is there."""
    try:
        return urllib.request.urlopen(address, timeout=2).status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def page() -> Page:
    """A page of a headless Chromium."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.fail("Chromium is missing: install the package 'chromium' (Debian: apt install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(30_000)
        yield page
        browser.close()
