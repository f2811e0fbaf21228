"""Seconds until each page is painted, in a browser, on the server as `make run` starts it."""

import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.app import FINISHED, browser, chromium, running


def paint_seconds(home: Path, names: Sequence[str]) -> dict[str, float] | None:
    """Seconds from the request to the finished page, by page; None if Chromium is not installed.

    Args:
        home: of the server: folder of its runs, data and weights.
        names: of the pages.
    """
    if not chromium():
        return None
    seconds = {}
    with running(home) as address, browser() as chrome:
        for name in names:
            page = chrome.new_page()
            began = time.perf_counter()
            page.goto(f"{address}/{name}")
            page.get_by_role("heading", level=1).wait_for()
            page.locator(FINISHED).wait_for()
            seconds[name] = time.perf_counter() - began
            page.close()
    return seconds
