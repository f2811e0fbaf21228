"""Photograph every page and section, to be looked at: make pictures, or python -m docs.pictures STATE ...

Each state of `STATES` is a server of its own: empty; the bundled model alone; the home of `make screenshots`
with its synthetic run (minutes, the first time); real X-rays, where there are some; a run that failed. Light
and dark, at four widths. The pictures lie in .pictures/, which git ignores; its index.html shows them all.
Needs Chromium.
"""

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch
from urllib.parse import urlencode

from playwright.sync_api import Page

from benchmarks.app import browser, comes_true, running, settled
from core.config import STAGES, preset
from core.dataset import open_dataset, write_synthetic_dataset
from core.runs import create_run, jobs
from docs.screenshots import PROJECT, RUN, TIMEOUT_MS, prepare

FOLDER = PROJECT / ".pictures"
REAL = PROJECT.parent / "shared" / "chest_xray"
REAL_SHARE = {"test": 4, "train": 40}  # of so many images, one
WIDTHS = (390, 1024, 1440, 1920)
SCHEMES = ("light", "dark")
HEIGHT = 900  # of the window; a picture shows the whole page
DRAWING_MS, REPAINT_MS = 800, 200  # of figures in a new width, of colours
DROPPED = 12  # images at once
SECTIONS = {  # by page, the control that chooses a section
    "diagnosis": "",
    "comparison": "Show",
    "training": "View",
    "dataset": "Section",
    "site": "Section",
}
OWN_MODELS = "comparison?" + urlencode([("models", f"Stage {stage} · {RUN}") for stage in STAGES])
STATES = {  # the addresses of each
    "empty": ("diagnosis", "comparison", "training", "dataset", "site"),
    "bundled": ("diagnosis", "comparison", "site"),
    "synthetic": (OWN_MODELS, "training", "dataset"),
    "real": ("diagnosis", "comparison?section=Errors", "training", "dataset"),
    "failed": ("training",),
}
CLOSED = "[data-testid=stMain] details:not([open]) > summary"
LOADED = "!document.querySelector('[data-testid=stSkeleton]')"
WHOLE = """[data-testid=stApp], [data-testid=stAppViewContainer], [data-testid=stMain] {
    position: static !important; height: auto !important; overflow: visible !important }"""
STYLE = "body { font: 14px sans-serif } img { width: 360px; border: 1px solid #999; vertical-align: top }"


def main(home: Path, states: list[str]) -> None:
    """Take the pictures of these states anew."""
    FOLDER.mkdir(exist_ok=True)
    with browser() as program, TemporaryDirectory() as scratch:
        page = program.new_page(viewport={"width": WIDTHS[0], "height": HEIGHT}, reduced_motion="reduce")
        page.set_default_timeout(TIMEOUT_MS)
        for state in states:
            if state == "real" and not real_images("test"):
                print(f"Without real X-rays: there are none in {REAL}.")
                continue
            for picture in FOLDER.glob(f"{state}-*"):
                picture.unlink()
            with served(state, home, Path(scratch)) as address:
                for path in STATES[state]:
                    photograph(page, f"{address}/{path}", state)
    write_index()
    print(f"Open {FOLDER / 'index.html'} in a browser.")


@contextmanager
def served(state: str, home: Path, scratch: Path) -> Iterator[str]:
    """Run a server in one of the states; yields its address."""
    folder = home if state == "synthetic" else scratch / state
    variables = {"PNEUMONIA_STUDIO_HOME": str(folder)}
    if state != "bundled":  # which shows the result of its self-test
        variables["PNEUMONIA_STUDIO_SELF_TEST"] = "0"
    if state == "empty":
        variables["PNEUMONIA_STUDIO_BUNDLED"] = str(scratch / "none")
    with patch.dict(os.environ, variables):
        if state in PREPARATIONS:
            PREPARATIONS[state](folder)
        with running(folder) as address:
            yield address


def open_real_images(home: Path) -> None:
    """A data set of a part of the real images."""
    folder = home / "data" / "chest_xray"
    for split, step in REAL_SHARE.items():
        for path in real_images(split)[::step]:
            copy = folder / path.relative_to(REAL)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    open_dataset(folder)


def real_images(split: str) -> list[Path]:
    """The files of the real X-rays of a split; none where the data set is not there."""
    return sorted((REAL / split).glob("*/*.jpeg"))


def fail(home: Path) -> None:
    """Start a run whose weights are missing, and wait for its end."""
    demo = write_synthetic_dataset(home / "data" / "demo", images=60)
    run = create_run(preset("quick").settings(data=str(demo), weights="/nowhere.h5"), "without-weights")
    jobs.start(run)
    while jobs.is_active(run) or run.status().state == "queued":
        time.sleep(0.5)


PREPARATIONS = {"synthetic": prepare, "real": open_real_images, "failed": fail}


def photograph(page: Page, address: str, state: str) -> None:
    """Take one page: each section, what opens in it, and the results of what is dropped on Diagnosis."""
    page.goto(address)
    page.get_by_role("heading", level=1).wait_for()
    settled(page)
    path = address.rsplit("/", 1)[1].split("?")[0]
    name, control = f"{state}-{path}", SECTIONS[path]
    choices = page.get_by_role("radiogroup", name=control).get_by_role("radio")
    sections = choices.all_text_contents() if control and "section=" not in address else []
    for section in sections or [""]:
        if section:
            choices.filter(has_text=section).first.click()
        shown = "-".join([name, *re.findall("[a-z]+", section.lower())])
        take(page, shown)
        open_all(page, shown)
    if path == "diagnosis" and state != "empty":  # where no model answers
        show_results(page, name, state)


def open_all(page: Page, name: str) -> None:
    """Take the page with everything open that a reader can open."""
    closed = page.locator(CLOSED)
    if closed.count():
        while closed.count():
            closed.first.click()
            settled(page)
        take(page, f"{name}-opened")
        page.reload()
        page.get_by_role("heading", level=1).wait_for()
        settled(page)


def show_results(page: Page, name: str, state: str) -> None:
    """Take the Diagnosis page with images: drawn ones, or real ones where the state has them."""
    if state == "real":
        images = real_images("test")
        dropped = images[:: max(1, len(images) // DROPPED)][:DROPPED]
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(dropped)
    else:
        page.get_by_role("button", name="Try an example").click()
    page.locator(".st-key-result").get_by_text("shifted or mirrored copies").first.wait_for()
    take(page, f"{name}-result")
    open_all(page, f"{name}-result")


def take(page: Page, name: str) -> None:
    """Save the whole page at each width, light and dark."""
    page.add_style_tag(content=WHOLE)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        settled(page)
        comes_true(page, LOADED)
        page.wait_for_timeout(DRAWING_MS)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(REPAINT_MS)
            page.screenshot(path=FOLDER / f"{name}-{scheme}-{width}.jpeg", quality=85, full_page=True)
    page.emulate_media(color_scheme=SCHEMES[0])


def write_index() -> None:
    """A page with all pictures, those of one view in a row."""
    rows = []
    for first in sorted(FOLDER.glob(f"*-{WIDTHS[0]}.jpeg")):
        name = first.stem.removesuffix(f"-{WIDTHS[0]}")
        pictures = [f'<a href="{name}-{width}.jpeg"><img src="{name}-{width}.jpeg"></a>' for width in WIDTHS]
        rows.append(f"<h2>{escape(name)}</h2>\n{''.join(pictures)}")
    (FOLDER / "index.html").write_text(
        f"<!doctype html><title>Pages</title><style>{STYLE}</style>\n" + "\n".join(rows)
    )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(PROJECT / ".screenshots", arguments or list(STATES))
