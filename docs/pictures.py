"""Photograph every page and section, to be looked at: make pictures, or python -m docs.pictures [OPTIONS]

Each state of `picture_states.py` is a server of its own: empty; the bundled model alone; the home of
`make screenshots` with its synthetic run (minutes, the first time); real X-rays, where there are some; a
hospital that has labelled, measured, promoted and watches; a run that failed. Light and dark, at four widths.
--state, --page and --width, each of which may be repeated, take some of them;
PNEUMONIA_STUDIO_LANGUAGE=de takes them in German. The pictures lie in .pictures/, which git ignores; its
index.html shows them all. Needs Chromium.
"""

import re
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from playwright.sync_api import Page

from benchmarks.app import FIGURES_FIT, browser, comes_true, settled
from docs.picture_states import GROUP, READERS, STATES, real_images, served, ward_table
from docs.screenshots import PROJECT
from pages.shared.texts import _

FOLDER = PROJECT / ".pictures"
WIDTHS = (390, 1024, 1440, 1920)
SCHEMES = ("light", "dark")
HEIGHT = 900  # of the window; a picture shows the whole page
PATIENCE_MS = 600_000  # for a page that other programs keep from computing
DRAWING_MS, REPAINT_MS = 1500, 200  # of figures in a new width, of colours
DROPPED = 12  # images at once
SECTIONS = {  # by page, the control that chooses a section
    "diagnosis": "",
    "comparison": _("Show"),
    "training": _("View"),
    "dataset": _("Section"),
    "site": _("Section"),
}
CLOSED = "[data-testid=stMain] details:not([open]) > summary"
LOADED = "!document.querySelector('[data-testid=stSkeleton]')"
WHOLE = """[data-testid=stApp], [data-testid=stAppViewContainer], [data-testid=stMain] {
    position: static !important; height: auto !important; overflow: visible !important }
[data-testid=stSidebar] { transition: none !important }"""
STYLE = "body { font: 14px sans-serif } img { width: 360px; border: 1px solid #999; vertical-align: top }"


@click.command()
@click.option(
    "--state", "states", type=click.Choice(list(STATES)), multiple=True, help="Of the server; default: all."
)
@click.option(
    "--page", "names", type=click.Choice(list(SECTIONS)), multiple=True, help="To photograph; default: all."
)
@click.option(
    "--width",
    "widths",
    type=click.IntRange(320, 3840),
    multiple=True,
    default=WIDTHS,
    show_default=True,
    help="Of the window, in pixels.",
)
def main(states: tuple[str, ...], names: tuple[str, ...], widths: tuple[int, ...]) -> None:
    """Photograph pages of the app, to be looked at; earlier pictures of the same pages are replaced."""
    FOLDER.mkdir(exist_ok=True)
    with browser() as program, TemporaryDirectory() as scratch:
        page = program.new_page(viewport={"width": widths[0], "height": HEIGHT}, reduced_motion="reduce")
        page.set_default_timeout(PATIENCE_MS)
        for state in states or STATES:
            paths = [path for path in STATES[state] if not names or page_name(path) in names]
            if not paths:
                continue
            if state == "real" and not real_images("test"):
                print("Without real X-rays: they are not on this computer.")
                continue
            for path in paths:
                for picture in FOLDER.glob(f"{state}-{page_name(path)}-*"):
                    picture.unlink()
            with served(state, PROJECT / ".screenshots", Path(scratch)) as address:
                for path in paths:
                    photograph(page, f"{address}/{path}", state, Path(scratch) / state, widths)
    write_index()
    print(f"Open {FOLDER / 'index.html'} in a browser.")


def page_name(path: str) -> str:
    """The name of the page that an address opens."""
    return path.split("?")[0]


def photograph(page: Page, address: str, state: str, home: Path, widths: tuple[int, ...]) -> None:
    """Take one page: each section, what opens in it, and the results of what is dropped on Diagnosis."""
    path = page_name(address.rsplit("/", 1)[1])
    name, control = f"{state}-{path}", SECTIONS[path]

    def begin() -> None:
        page.goto(address)
        page.get_by_role("heading", level=1).wait_for()
        settled(page)
        if state == "hospital":
            measure_ward(page, home)

    begin()
    choices = page.get_by_role("radiogroup", name=control).get_by_role("radio")
    sections = choices.all_text_contents() if control and "section=" not in address else []
    for section in sections or [""]:
        if section:
            choices.filter(has_text=section).first.click()
            settled(page)
        if state == "hospital":
            open_section(page)
        shown = "-".join([name, *re.findall("[a-z]+", section.lower())])
        take(page, shown, widths)
        if open_all(page):
            take(page, f"{shown}-opened", widths)
            begin()
    if path == "diagnosis" and state != "empty":  # where no model answers
        show_results(page, state)
        take(page, f"{name}-result", widths)
        if open_all(page):
            take(page, f"{name}-result-opened", widths)


def open_all(page: Page) -> bool:
    """Open everything that a reader can open; returns whether there was anything."""
    closed = page.locator(CLOSED)
    found = closed.count() > 0
    while closed.count():
        closed.first.click()
        settled(page)
    return found


def show_results(page: Page, state: str) -> None:
    """Read images on the Diagnosis page: drawn ones, or real ones where the state has them."""
    if state == "real":
        images = real_images("test")
        dropped = images[:: max(1, len(images) // DROPPED)][:DROPPED]
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(dropped)
    else:
        page.get_by_role("button", name=_("Try an example")).click()
    page.locator(".st-key-result .viewer-images").wait_for()
    page.get_by_text(_("Checking how stable the result is ...")).wait_for(state="detached")
    settled(page)


def measure_ward(page: Page, home: Path) -> None:
    """Choose the hospital's images, by groups, and measure the model on them."""
    page.get_by_role("textbox", name=_("Folder or table")).fill(str(ward_table(home)))
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name=_("Groups")).fill(GROUP)
    page.keyboard.press("Enter")
    page.locator(".st-key-site-section").wait_for()
    settled(page)
    page.locator(".st-key-site-measure button").click()
    page.locator(".js-plotly-plot").first.wait_for()
    settled(page)


def open_section(page: Page) -> None:
    """What a section of the hospital's page shows once it is asked: errors, and a reader's images."""
    page.wait_for_timeout(DRAWING_MS)  # the section before may still be there
    settled(page)
    errors = page.locator(".st-key-site-errors label")
    if errors.count():
        errors.click()
    reader = page.locator(".st-key-site-reader-field input")
    if reader.count():
        reader.fill(READERS[0])
        page.keyboard.press("Enter")
        page.locator(".viewer canvas").first.wait_for()
    settled(page)


def take(page: Page, name: str, widths: tuple[int, ...]) -> None:
    """Save the whole page at each width, light and dark."""
    page.add_style_tag(content=WHOLE)
    for width in widths:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        settled(page)
        comes_true(page, LOADED)
        page.wait_for_timeout(DRAWING_MS)
        comes_true(page, FIGURES_FIT)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(REPAINT_MS)
            page.screenshot(path=FOLDER / f"{name}-{scheme}-{width}.jpeg", quality=85, full_page=True)
    page.emulate_media(color_scheme=SCHEMES[0])


def write_index() -> None:
    """A page with all pictures, those of one view in a row."""
    views: dict[str, list[tuple[int, str]]] = {}
    for picture in FOLDER.glob("*.jpeg"):
        view, _dash, width = picture.stem.rpartition("-")
        views.setdefault(view, []).append((int(width), picture.name))
    rows = []
    for view, pictures in sorted(views.items()):
        images = "".join(f'<a href="{name}"><img src="{name}"></a>' for _width, name in sorted(pictures))
        rows.append(f"<h2>{escape(view)}</h2>\n{images}")
    (FOLDER / "index.html").write_text(
        f"<!doctype html><title>Pages</title><style>{STYLE}</style>\n" + "\n".join(rows)
    )


if __name__ == "__main__":
    main()
