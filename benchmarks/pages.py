"""Seconds until each page has painted, in a browser, on the server as `make run` starts it."""

import time
from pathlib import Path

from benchmarks.app import browser, chromium, running, settled

PATHS = {"diagnosis": "diagnosis", "comparison": "comparison", "training": "training", "dataset": "dataset"}


def paint(home: Path) -> dict[str, float] | None:
    """From asking for the address to the settled page; None where there is no Chromium."""
    if not chromium():
        return None
    found = {}
    with running(home) as address, browser() as program:
        for name, path in PATHS.items():
            page = program.new_page()
            began = time.perf_counter()
            page.goto(f"{address}/{path}")
            page.get_by_role("heading", level=1).wait_for()
            settled(page)
            found[name] = time.perf_counter() - began
            page.close()
    return found
