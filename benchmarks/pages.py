"""Seconds until each page is painted, in a browser, on the server as `make run` starts it."""

import time
from pathlib import Path

from benchmarks.app import browser, chromium, running, settled

PAGES = ("diagnosis", "comparison", "training", "dataset")


def paint_seconds(home: Path) -> dict[str, float] | None:
    """Seconds from the request to the settled page, by page; None if Chromium is not installed.

    Args:
        home: of the server: folder of its runs, data and weights.
    """
    if not chromium():
        return None
    seconds = {}
    with running(home) as address, browser() as chrome:
        for name in PAGES:
            page = chrome.new_page()
            began = time.perf_counter()
            page.goto(f"{address}/{name}")
            page.get_by_role("heading", level=1).wait_for()
            settled(page)
            seconds[name] = time.perf_counter() - began
            page.close()
    return seconds
