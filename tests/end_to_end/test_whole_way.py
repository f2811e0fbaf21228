"""The whole way in a browser: browse the synthetic set, train, compare, diagnose."""

import io
import re

import numpy as np
from PIL import Image
from playwright.sync_api import expect
from pypdf import PdfReader

from benchmarks.app import exceeds, settled
from core.dataset.demo import draw_chest

POINTS = """() => Math.max(0, ...[...document.querySelectorAll('.js-plotly-plot')]
    .flatMap(plot => (plot._fullData ?? []).map(trace => trace.x ? trace.x.length : 0)))"""


def film() -> dict:
    """A synthetic film as a file to drop."""
    buffer = io.BytesIO()
    Image.fromarray(draw_chest(np.random.default_rng(1), "bacteria")).save(buffer, "PNG")
    return {"name": "film.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def test_the_whole_way(server, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    # A bookmark is the first thing that this server is asked for.
    page.goto(f"{server}/dataset")
    page.get_by_role("button", name="Use the synthetic set").click()
    expect(page.get_by_text("320 images, as the network sees them")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(4)
    page.get_by_role("radio", name="NORMAL").click()
    expect(page.get_by_text("128 images, as the network sees them")).to_be_visible()
    first = page.locator(".film").first.get_attribute("title")
    page.get_by_role("button", name="Page 2").click()
    page.wait_for_function(f"document.querySelector('.film').title !== {first!r}")
    page.locator(".film").first.click()
    expect(page.get_by_role("dialog").get_by_text("Patient")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="What the model sees").click()
    expect(page.get_by_text("view 8")).to_be_visible()
    settled(page)

    page.get_by_test_id("stSidebarNavLink").filter(has_text="Training").click()
    page.get_by_test_id("stRadio").get_by_text("quick").click()
    page.get_by_test_id("stRadio").get_by_text("Random", exact=True).click()
    page.get_by_text("Settings", exact=True).click()
    epochs = page.get_by_role("spinbutton", name="Epochs")
    expect(epochs).to_have_value("4")  # those of the preset just chosen
    epochs.fill("1")
    epochs.press("Enter")
    page.get_by_role("spinbutton", name="Batch size").fill("8")
    page.get_by_role("spinbutton", name="Batch size").press("Enter")
    page.get_by_role("tab", name="Data and augmentation").click()
    page.get_by_role("spinbutton", name="Training films").fill("16")
    page.get_by_role("spinbutton", name="Training films").press("Enter")
    page.get_by_role("spinbutton", name="Validation films").fill("8")
    page.get_by_role("spinbutton", name="Validation films").press("Enter")
    expect(page.get_by_text("Random starting weights: expect")).to_be_visible()
    page.get_by_role("button", name="Start training").click()

    watched = page.get_by_test_id("stMain")  # the sidebar says it, too
    expect(watched.get_by_text(re.compile("Stage 1: training"))).to_be_visible()
    exceeds(page, POINTS, 0)
    page.reload()
    expect(page.get_by_test_id("stProgress").first).to_be_visible()
    exceeds(page, POINTS, 0)
    before = page.evaluate(POINTS)
    expect(watched.get_by_text(re.compile("Stage 3: training"))).to_be_visible(timeout=600_000)
    assert page.evaluate(POINTS) >= before > 0
    expect(watched.get_by_text("3 of 3")).to_be_visible(timeout=600_000)

    page.get_by_test_id("stSidebarNavLink").filter(has_text="Comparison").click()
    expect(page.get_by_text("SYNTHETIC data: these numbers say nothing")).to_be_visible()
    expect(page.get_by_text("Confusion matrices")).to_be_visible()
    for stage in ("Stage 1 ·", "Stage 2 ·", "Stage 3 ·"):
        expect(page.locator(".js-plotly-plot").get_by_text(re.compile(stage)).first).to_be_visible()
    page.get_by_test_id("stSelectbox").click()
    page.get_by_role("option", name="Youden's J").click()
    expect(page.get_by_text("largest sensitivity + specificity on validation")).to_be_visible()
    page.get_by_role("radio", name="Errors").click()
    page.locator(".film").first.click()
    expect(page.get_by_role("dialog").get_by_text("The film")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Curves").click()
    expect(page.locator(".js-plotly-plot").get_by_text("95 % pointwise band").first).to_be_visible()

    page.get_by_test_id("stSidebarNavLink").filter(has_text="Diagnosis").click()
    page.get_by_text("Answer anyway").click()
    expect(page.get_by_text("No answer is withheld")).to_be_visible()
    settled(page)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(film())
    probability = page.get_by_text(re.compile(r"Probability of pneumonia \d+\.\d%")).first
    expect(probability).to_be_visible()
    expect(page.get_by_text("Research use, not a medical device").first).to_be_visible()
    expect(page.get_by_text(re.compile("small shifts and mirroring")).first).to_be_visible()
    expect(page.get_by_text(re.compile("stage 1 (no )?pneumonia")).first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="PDF report").click()
    assert "film.png" in PdfReader(download.value.path()).pages[0].extract_text()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"no image"}
    )
    # The worklist has the same sentence in a cell.
    alerts = page.get_by_role("alert")
    expect(alerts.get_by_text("notes.png is not an image that can be read here")).to_be_visible()
    expect(probability).to_be_visible()
    assert asked and not [url for url in asked if not url.startswith((server, f"blob:{server}", "data:"))]
