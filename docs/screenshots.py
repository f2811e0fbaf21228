"""Take the README's pictures: python docs/screenshots.py HOME

HOME is a PNEUMONIA_STUDIO_HOME with the synthetic set in data/demo and a finished run on it, so that
everything in the pictures is synthetic. Needs Chromium.
"""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from playwright.sync_api import Page  # noqa: E402

from benchmarks.app import browser, running, settled  # noqa: E402

WIDTH, HEIGHT = 1280, 900


def main(home: Path) -> None:
    """One picture a page into docs/."""
    with running(home) as address, browser() as program:
        page = program.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name, path in (
            ("dataset", "dataset"),
            ("training", "training?view=Runs"),
            ("comparison", "comparison"),
        ):
            page.goto(f"{address}/{path}")
            take(page, name)
        page.goto(address)
        films = sorted((home / "data/demo/test").glob("*/*.jpeg"))
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(films[-3])
        page.get_by_text("small shifts and mirroring").first.wait_for()
        take(page, "diagnosis")


def take(page: Page, name: str) -> None:
    """Wait until the page and its figures have settled, and keep what the window shows."""
    page.get_by_role("heading", level=1).wait_for()
    settled(page)
    before, now = b"", page.screenshot()
    while now != before:  # figures fade in, slowly on a busy machine
        page.wait_for_timeout(2000)
        before, now = now, page.screenshot()
    (PROJECT / "docs" / f"{name}.png").write_bytes(now)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
