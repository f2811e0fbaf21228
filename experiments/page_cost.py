"""What an open Training page and a large data set cost the server.

python -m experiments.page_cost HOME

HOME is a PNEUMONIA_STUDIO_HOME with a run that is training or has been trained. Prints the share of a core
that the server uses while a browser shows the Training page, and how long the Dataset page takes to show
another page of a hundred images (median of ten; only if a set of more than a hundred images was opened
before).
"""

import statistics
import time
from pathlib import Path

import click
import psutil
from playwright.sync_api import Page

from benchmarks.app import browser, running, settled

SETTLE_MS = 10_000
WATCH_S = 30
PAGES = range(2, 12)
FIRST_IMAGE = "document.querySelector('.image-grid button')?.title"


@click.command()
@click.argument("home", type=click.Path(exists=True, path_type=Path))
def main(home: Path) -> None:
    """Measure both, and print a line for each."""
    with running(home.resolve()) as address, browser() as chrome:
        page = chrome.new_page(viewport={"width": 1280, "height": 1400})
        page.set_default_timeout(60_000)
        page.goto(f"{address}/training?view=Runs")
        settled(page)
        page.wait_for_timeout(SETTLE_MS)
        (server,) = [child for child in psutil.Process().children() if "streamlit" in child.cmdline()]
        print(f"watching a run: {_cpu_share(server, page):.1%} of a core")
        page.goto(f"{address}/dataset")
        settled(page)
        if page.locator(".image-grid button").count():
            print(f"another page of a hundred images: {1000 * _page_seconds(page):.0f} ms")


def _cpu_share(server: psutil.Process, page: Page) -> float:
    """Share of a core that the server uses for a while."""
    before, began = sum(server.cpu_times()[:2]), time.monotonic()
    page.wait_for_timeout(1000 * WATCH_S)
    return (sum(server.cpu_times()[:2]) - before) / (time.monotonic() - began)


def _page_seconds(page: Page) -> float:
    """Median seconds until another page of images is shown."""
    seconds = []
    for number in PAGES:
        button = page.get_by_role("button", name=f"Page {number}", exact=True)
        if not button.count():
            break
        first = page.evaluate(FIRST_IMAGE)
        began = time.monotonic()
        button.click()
        page.wait_for_function(f"{FIRST_IMAGE} !== {first!r}")
        seconds.append(time.monotonic() - began)
        settled(page)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
