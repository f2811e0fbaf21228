"""The whole way in a browser, by mouse and keyboard: a trainer's task, a researcher's, a clinician's."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from promotions import promote_unchecked
from pypdf import PdfReader
from short_runs import halted, wait_until

from benchmarks.app import comes_true, exceeds, running, settled
from core.dataset.synthetic import draw_chest
from core.runs import list_runs
from core.weights import imagenet
from tests.end_to_end.diagnosis_steps import show_withheld_results

EPOCHS = 20  # of each stage, which so takes seconds: it is seen also by a test that is held up
POINTS = """() => Math.max(0, ...[...document.querySelectorAll('.js-plotly-plot')]
    .flatMap(plot => (plot._fullData ?? []).map(trace => trace.x ? trace.x.length : 0)))"""


def image(seed: int) -> dict:
    """A synthetic image as a file to drop."""
    buffer = io.BytesIO()
    Image.fromarray(draw_chest(np.random.default_rng(seed), "bacteria")).save(buffer, "PNG")
    return {"name": f"image-{seed}.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


@pytest.fixture(scope="module")
def served_home(tmp_path_factory) -> Path:
    """The empty home of the server."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(served_home, port, tmp_path_factory):
    """The app as `make run` starts it, where ImageNet's weights have been downloaded; its address."""
    cache = tmp_path_factory.mktemp("keras")
    (cache / "models").mkdir()
    (cache / "models" / imagenet.FILE).touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(cache))
        with running(served_home, port) as address:
            yield address


@pytest.fixture(scope="module")
def page(page, server):
    """A page that asks no other server for anything."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    assert asked and not [url for url in asked if not url.startswith((server, f"blob:{server}", "data:"))]


def test_a_trainer_opens_data_and_starts_and_watches_a_first_run(server, served_home, page):
    # A bookmark is the first thing that this server is asked for.
    page.goto(f"{server}/dataset")
    page.get_by_role("button", name="Use the synthetic data set").click()
    expect(page.get_by_text("320 images at the model's resolution")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(5)
    page.get_by_role("radio", name="NORMAL").click()
    expect(page.get_by_text("128 images at the model's resolution")).to_be_visible()
    settled(page)  # until then, the pages of all images are on the page
    first = page.locator(".image-tile").first.get_attribute("title")
    page.get_by_role("button", name="Page 2").click()
    comes_true(page, f"document.querySelector('.image-tile').title !== {first!r}")
    page.locator(".image-tile").first.click()
    expect(page.get_by_role("dialog").get_by_text("Patient")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="What the model sees").click()
    expect(page.get_by_text("view 8")).to_be_visible()
    settled(page)

    page.get_by_test_id("stSidebarNavLink").filter(has_text="Training").click()
    page.get_by_text("Change settings").click()
    page.get_by_test_id("stRadio").get_by_text("Random", exact=True).click()
    expect(page.get_by_text("Random starting weights: expect")).to_be_visible()
    settled(page)
    page.get_by_text("Settings", exact=True).click()
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    expect(epochs).to_have_value("4")  # of `quick`, where a synthetic set starts
    epochs.fill(str(EPOCHS))
    epochs.press("Enter")
    page.get_by_role("spinbutton", name="Early stopping").fill(str(EPOCHS))
    page.get_by_role("spinbutton", name="Early stopping").press("Enter")
    page.get_by_role("spinbutton", name="Batch size").fill("8")
    page.get_by_role("spinbutton", name="Batch size").press("Enter")
    page.get_by_role("tab", name="Advanced", exact=True).click()
    page.get_by_role("spinbutton", name="Network width").fill("0.125")
    page.get_by_role("spinbutton", name="Network width").press("Enter")
    page.get_by_role("tab", name="Data", exact=True).click()
    page.get_by_role("spinbutton", name="Training images").fill("160")
    page.get_by_role("spinbutton", name="Training images").press("Enter")
    page.get_by_role("spinbutton", name="Validation images").fill("8")
    page.get_by_role("spinbutton", name="Validation images").press("Enter")
    page.get_by_role("button", name="Start training").dblclick()

    watched = page.get_by_test_id("stMain")  # the sidebar says it, too
    wait_until(lambda: list_runs(served_home / "runs"))
    (run,) = list_runs(served_home / "runs")
    with halted(run, "Stage 1: training"):
        expect(watched.get_by_text(re.compile("Stage 1: training"))).to_be_visible()
    with halted(run, "Stage 2: training"):
        exceeds(page, POINTS, 0)
        page.reload()
        expect(page.get_by_test_id("stProgress").first).to_be_visible()
        exceeds(page, POINTS, 0)
        before = page.evaluate(POINTS)
    with halted(run, "Stage 3: training"):
        expect(watched.get_by_text(re.compile("Stage 3: training"))).to_be_visible()
        assert page.evaluate(POINTS) >= before > 0
    expect(watched.get_by_text("3 of 3", exact=True)).to_be_visible(timeout=600_000)
    assert len(list_runs(served_home / "runs")) == 1  # of two clicks
    expect(watched.get_by_text(f"Stage 3, epoch {EPOCHS}: validation loss").first).to_be_visible()
    expect(page.get_by_role("link", name="Use for diagnosis")).to_be_visible()
    page.get_by_role("link", name="Compare the stages").click()
    expect(page.get_by_text("SYNTHETIC data: these results say nothing")).to_be_visible()


def test_a_researcher_reads_the_verdict_and_opens_the_errors_behind_it(page):
    expect(page.get_by_text(re.compile("has a sensitivity of .* and a specificity of")).first).to_be_visible()
    expect(page.get_by_text("Click a cell of a confusion matrix")).to_be_visible()
    for stage in ("Stage 1", "Stage 2", "Stage 3"):
        section = page.locator(".key-figures section").filter(has_text=stage)
        expect(section.locator(".key-figures-roc")).to_be_visible()
    settled(page)  # what is drawn later closes an open list
    page.get_by_test_id("stSelectbox").click()
    page.get_by_role("option", name="Youden's J").click()
    expect(page.get_by_text("largest sensitivity + specificity on validation")).to_be_visible()
    page.reload()  # the address brings this view back
    expect(page.get_by_text("largest sensitivity + specificity on validation")).to_be_visible()
    settled(page)
    cells = page.locator(".key-figures-matrix").last.get_by_role("button")
    expect(cells).to_have_count(4)
    filled = next(index for index, text in enumerate(cells.all_text_contents()) if text.split()[1] != "0")
    cells.nth(filled).press("Enter")
    expect(page.get_by_text("most confident first")).to_be_visible()
    settled(page)
    page.get_by_role("radio", name="Errors").click()
    expect(page.get_by_text("most confident errors first")).to_be_visible()
    settled(page)  # until then, tiles of the matrix cell are on the page
    page.locator(".image-tile").first.click()
    expect(page.get_by_role("dialog").get_by_text("Original")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Curves").click()
    expect(page.locator(".js-plotly-plot").get_by_text("95% pointwise band").first).to_be_visible()


def test_a_clinician_drops_images_and_reads_them_by_keys(served_home, page, monkeypatch):
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(served_home))
    (run,) = list_runs(served_home / "runs")
    promote_unchecked(f"{run.name}/3")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Diagnosis").click()
    show_withheld_results(page)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([image(1), image(2)])
    probability = page.get_by_text(re.compile(r"Probability of pneumonia \d+\.\d%")).first
    expect(probability).to_be_visible()
    expect(page.get_by_text("For research use only. Not a medical device.").first).to_be_visible()
    expect(page.get_by_text(re.compile("shifted or mirrored copies")).first).to_be_visible()
    expect(page.get_by_text(re.compile("stage 1 (no )?pneumonia")).first).to_be_visible()
    settled(page)
    shown = page.locator(".st-key-result").get_by_text(re.compile("^image-[12].png$"))
    first = shown.text_content()
    second = {"image-1.png": "image-2.png", "image-2.png": "image-1.png"}[first]
    with page.expect_download() as download:
        page.get_by_role("button", name="PDF report").click()
    assert first in PdfReader(download.value.path()).pages[0].extract_text()
    page.get_by_role("heading", name="Diagnosis").click()  # keys do nothing while a switch has the focus
    for key, name in (("j", second), ("k", first)):
        page.keyboard.press(key)
        expect(shown).to_have_text(name)
        settled(page)
    page.keyboard.press("a")
    expect(page.get_by_text(f"Saved: agree, {first}. Next: {second}.")).to_be_visible()
    expect(shown).to_have_text(second)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"no image"}
    )
    alerts = page.get_by_role("alert")
    expect(alerts.get_by_text("notes.png is not an image that can be read here")).to_be_visible()
    expect(probability).to_be_visible()
