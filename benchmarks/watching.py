"""What watching costs: python -m benchmarks.watching HOME

HOME is a PNEUMONIA_STUDIO_HOME in which a run trains or has trained. Prints the share of a core that the
server uses while a browser looks at the Training page, and how long the Dataset page takes to turn a page of
a hundred films (median of ten; only where a set of more than a hundred was opened before).
"""

import statistics
import sys
import time
from pathlib import Path

import psutil
from playwright.sync_api import Page

from benchmarks.app import browser, running, settled

SETTLE_MS = 10_000
WATCH_S = 30
PAGES = range(2, 12)
TITLE = "document.querySelector('.film')?.title"


def main(home: Path) -> None:
    """Measure both, and print a line each."""
    with running(home) as address, browser() as program:
        page = program.new_page(viewport={"width": 1280, "height": 1400})
        page.set_default_timeout(60_000)
        page.goto(f"{address}/training?view=Runs")
        settled(page)
        page.wait_for_timeout(SETTLE_MS)
        (server,) = [child for child in psutil.Process().children() if "streamlit" in child.cmdline()]
        print(f"watching: {_share(server, page):.1%} of a core")
        page.goto(f"{address}/dataset")
        settled(page)
        if page.locator(".film").count():
            print(f"turning a page of a hundred films: {1000 * _turning(page):.0f} ms")


def _share(server: psutil.Process, page: Page) -> float:
    before, began = sum(server.cpu_times()[:2]), time.monotonic()
    page.wait_for_timeout(1000 * WATCH_S)
    return (sum(server.cpu_times()[:2]) - before) / (time.monotonic() - began)


def _turning(page: Page) -> float:
    seconds = []
    for number in PAGES:
        button = page.get_by_role("button", name=f"Page {number}", exact=True)
        if not button.count():
            break
        first = page.evaluate(TITLE)
        began = time.monotonic()
        button.click()
        page.wait_for_function(f"{TITLE} !== {first!r}")
        seconds.append(time.monotonic() - began)
        settled(page)
    return statistics.median(seconds)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
