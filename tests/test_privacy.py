"""Nothing about the work leaves the machine: no library tells its maker that it was used."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
WATCH = """
import os, sys

WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "os.fork", "os.forkpty")

def watch(event, arguments):
    if event in WATCHED:
        with open(os.environ["WATCHED"], "a") as file:
            file.write(f"{event} {arguments}\\n")

sys.addaudithook(watch)
"""


@pytest.fixture
def watched(tmp_path):
    """Runs Python as somebody who has never used it here; gives its output, and connections and forks."""
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    (tmp_path / "home").mkdir()
    events = tmp_path / "events"
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "PYTHONPATH": str(tmp_path)}
    environment |= {"PNEUMONIA_STUDIO_HOME": str(tmp_path / "studio"), "WATCHED": str(events)}
    del environment["PNEUMONIA_STUDIO_BUNDLED"]

    def run(*words) -> tuple[str, list[str], list[Path]]:
        command = [sys.executable, *map(str, words)]
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        seen = events.read_text().splitlines() if events.exists() else []
        return done.stdout, seen, list((tmp_path / "home").iterdir())

    return run


@pytest.mark.slow
def test_an_answer_connects_to_nobody(watched, demo):
    image = next((demo / "test").rglob("*.jpeg"))
    output, events, left_behind = watched("-m", "core", "predict", image, "--json")
    assert json.loads(output)
    assert not events and not left_behind


def test_the_watch_sees_who_connects(watched):
    _, events, _ = watched("-c", "import socket; socket.socket().connect_ex(('127.0.0.1', 9))")
    assert len(events) == 1 and events[0].startswith("socket.connect")
