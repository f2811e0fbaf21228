"""Photograph every page and section, to be looked at: make pictures, or python -m docs.pictures HOME

Each is taken empty, with the bundled model alone, and in HOME, by default the home of `make screenshots` with
its synthetic run (minutes, the first time); light and dark, at four widths. The pictures lie in .pictures/,
which git ignores; its index.html shows them all. Needs Chromium.
"""

import os
import shutil
import sys
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page

from benchmarks.app import browser, running, settled
from docs.screenshots import PROJECT, TIMEOUT_MS, prepare

FOLDER = PROJECT / ".pictures"
WIDTHS = (390, 1024, 1440, 1920)
SCHEMES = ("light", "dark")
HEIGHT, MAX_HEIGHT = 900, 6000
SECTIONS = {  # the control that chooses a page's section
    "diagnosis": "",
    "comparison": "Show",
    "training": "View",
    "dataset": "Section",
    "site": "Section",
}
STYLE = "body { font: 14px sans-serif } img { width: 360px; border: 1px solid #999; vertical-align: top }"


def main(home: Path) -> None:
    """Fill the folder anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    prepare(home)
    with browser() as program, TemporaryDirectory() as scratch:
        os.environ["PNEUMONIA_STUDIO_BUNDLED"] = str(Path(scratch) / "none")
        photograph(program, Path(scratch) / "empty", "empty")
        del os.environ["PNEUMONIA_STUDIO_BUNDLED"]
        photograph(program, Path(scratch) / "bundled", "bundled")
        photograph(program, home, "synthetic")
    write_index()
    print(f"Open {FOLDER / 'index.html'} in a browser.")


def photograph(program: Browser, home: Path, state: str) -> None:
    """Take all pictures of one home.

    Args:
        program: the browser.
        home: of the server.
        state: of the home, in a word; names of pictures begin with it.
    """
    with running(home) as address:
        for scheme in SCHEMES:
            context = program.new_context(color_scheme=scheme, viewport={"width": 1440, "height": HEIGHT})
            context.set_default_timeout(TIMEOUT_MS)
            page = context.new_page()
            for name, control in SECTIONS.items():
                page.goto(f"{address}/{name}")
                page.get_by_role("heading", level=1).wait_for()
                settled(page)
                take(page, f"{state}-{name}-{scheme}")
                for section in names_of_sections(page, control):
                    page.get_by_role("radiogroup", name=control).get_by_role("radio", name=section).click()
                    take(page, f"{state}-{name}-{section.lower().replace(' ', '-')}-{scheme}")
                example = page.get_by_role("button", name="Try an example")
                if example.is_visible():
                    example.click()
                    page.locator(".st-key-result").get_by_text("shifted or mirrored copies").first.wait_for()
                    take(page, f"{state}-{name}-result-{scheme}")
            context.close()


def names_of_sections(page: Page, control: str) -> list[str]:
    """The choices of a page's control of sections; [] if it has none now."""
    group = page.get_by_role("radiogroup", name=control)
    return group.get_by_role("radio").all_text_contents() if control and group.count() else []


def take(page: Page, name: str) -> None:
    """Save the whole page at each width."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        settled(page)
        page.wait_for_timeout(800)  # figures are drawn anew
        height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": width, "height": min(max(height, HEIGHT), MAX_HEIGHT)})
        page.wait_for_timeout(400)
        page.screenshot(path=FOLDER / f"{name}-{width}.png")


def write_index() -> None:
    """A page with all pictures, those of one view in a row."""
    rows = []
    for first in sorted(FOLDER.glob(f"*-{WIDTHS[0]}.png")):
        name = first.stem.removesuffix(f"-{WIDTHS[0]}")
        pictures = [f'<a href="{name}-{width}.png"><img src="{name}-{width}.png"></a>' for width in WIDTHS]
        rows.append(f"<h2>{escape(name)}</h2>\n{''.join(pictures)}")
    (FOLDER / "index.html").write_text(
        f"<!doctype html><title>Pages</title><style>{STYLE}</style>\n" + "\n".join(rows)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PROJECT / ".screenshots")
