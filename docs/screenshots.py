"""Take the screenshots in docs/: make screenshots, or python -m docs.screenshots HOME

HOME is a PNEUMONIA_STUDIO_HOME, by default .screenshots. If it lacks them, the synthetic set is drawn in its
data/demo, and preset `quick` is trained on it from the backbone of the bundled model (minutes): everything in
the screenshots is synthetic. Needs Chromium.
"""

import os
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from benchmarks.app import browser, running, settled
from core.dataset import draw_example, write_synthetic_dataset
from core.runs import bundled_runs

PROJECT = Path(__file__).resolve().parent.parent
RUN = "first-run"
STARTING_WEIGHTS = bundled_runs()[0].weights_path(3)
WIDTH, HEIGHT = 1280, 900
SHOWN = "person10028_bacteria_41"  # with an opacity
WORKLIST = 6  # images
EXAMPLE = 5, True  # the first of the page's own: its seed, and that it has an opacity
TIMEOUT_MS = 120_000  # for a figure or a result, on a busy machine
FIGURE = ".js-plotly-plot"
SHOWN_HOME = "/home/studio"  # instead of this computer's path
HIDE_HOME = """([path, shown]) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.replaceAll(path, shown)
    for (const input of document.querySelectorAll("input:not([type=file])"))
        input.value = input.value.replaceAll(path, shown)
}"""


def main(home: Path) -> None:
    """Save a screenshot of each page in docs/."""
    prepare(home)
    with running(home) as address, browser() as program:
        page = program.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(TIMEOUT_MS)
        for name, path, content in (
            ("dataset", "dataset", ".image-tile"),
            ("new-run", "training?view=New+run", FIGURE),
            ("training", "training?view=Runs", FIGURE),
            ("comparison", "comparison", ".key-figures-roc"),
        ):
            page.goto(f"{address}/{path}")
            page.locator(content).first.wait_for()
            take(page, name, home)
        page.get_by_text("Shortcuts", exact=True).click()
        page.get_by_text("Shortcut baselines").wait_for()
        take(page, "shortcuts", home)
        images = sorted((home / "data/demo/test").glob("*/*.jpeg"))
        last = 1 + [path.stem for path in images].index(SHOWN)
        example = home / "SYNTHETIC example.png"
        Image.fromarray(draw_example(*EXAMPLE)).save(example)
        for name, shown in (("worklist", images[last - WORKLIST : last]), ("diagnosis", [example])):
            page.goto(address)
            page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(shown)
            page.locator(".st-key-result").get_by_text("shifted or mirrored copies").first.wait_for()
            take(page, name, home)


def prepare(home: Path) -> None:
    """Draw the synthetic set and train on it, unless that was done before."""
    demo = home / "data" / "demo"
    if not demo.exists():
        write_synthetic_dataset(demo)
    if not (home / "runs" / RUN / "evaluation.json").exists():
        options = ["--preset", "quick", "--stage", "all", "--weights", str(STARTING_WEIGHTS), "--run", RUN]
        command = [sys.executable, "-m", "core", "train", "--data", str(demo), *options]
        environment = {**os.environ, "PNEUMONIA_STUDIO_HOME": str(home)}
        subprocess.run(command, cwd=PROJECT, env=environment, check=True)


def take(page: Page, name: str, home: Path) -> None:
    """Save a screenshot once the page and its figures have settled."""
    page.get_by_role("heading", level=1).wait_for()
    settled(page)
    for path in (home, Path.home()):
        page.evaluate(HIDE_HOME, [str(path), SHOWN_HOME])
    before, now = b"", page.screenshot()
    while now != before:  # figures fade in, slowly on a busy machine
        page.wait_for_timeout(2000)
        before, now = now, page.screenshot()
    (PROJECT / "docs" / f"{name}.png").write_bytes(now)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PROJECT / ".screenshots")
