"""The slider moves everything, a cell and a lasso show images, and the report is downloaded."""

import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from short_runs import delete_occlusion_tests

from benchmarks.app import comes_true, settled
from core.runs import create_run, housekeeping

CELLS = ".key-figures-matrix button strong"
MATRIX = f"() => [...document.querySelectorAll('{CELLS}')].map(cell => parseInt(cell.textContent.slice(3)))"

# As the server knows them: the browser takes a model away at once.
CHOSEN = "new URLSearchParams(location.search).getAll('models')"

POINT = """() => [...document.querySelectorAll('.js-plotly-plot')]
    .flatMap(plot => plot._fullData ?? []).find(trace => trace.marker?.symbol === 'diamond')?.y[0]"""


@pytest.fixture(scope="module")
def server(trained, trained_server):
    """The app with a finished run, and meanwhile one whose answers are known."""
    delete_occlusion_tests(trained)
    run = create_run(trained.settings(), "known")
    for split in ("validation", "test"):
        table = trained.results.predictions(1, split)
        run.results.write_predictions(1, split, table.assign(probability=np.linspace(0.05, 0.95, len(table))))
    run.results.write_evaluation(1, trained.results.evaluation()["1"])
    yield trained_server
    housekeeping.delete(run)


def test_the_slider_moves_thresholds_matrices_and_curves(server, page, trained):
    page.goto(f"{server}/comparison")
    expect(page.get_by_text("Click a cell of a confusion matrix")).to_be_visible()
    settled(page)
    page.get_by_role("combobox", name="Models").click()
    page.get_by_role("option", name="Stage 1 · known").click()
    page.keyboard.press("Escape")
    for model in ("Stage 1 · trained", "Stage 2 · trained", "Stage 3 · trained"):
        page.get_by_role("button", name=f"Remove {model}").click()
        comes_true(page, f"model => !{CHOSEN}.includes(model)", model)
    settled(page)  # what is drawn later closes an open list
    page.get_by_role("combobox", name="Operating point").click()
    page.get_by_role("option", name="Custom threshold").click()
    slider = page.get_by_role("slider", name="Decision threshold")
    labels = (trained.results.predictions(1, "test")["label"] == "PNEUMONIA").to_numpy()
    probabilities = np.linspace(0.05, 0.95, len(labels))
    for key, threshold in (("Home", 0.0), ("End", 1.0), ("ArrowLeft", 0.99), ("PageDown", 0.89)):
        slider.press(key)
        expect(page.get_by_text(f"Stage 1: {threshold:.3f}")).to_be_visible()
        called = probabilities >= threshold
        expected = [int((part & answer).sum()) for part in (~labels, labels) for answer in (~called, called)]
        comes_true(
            page,
            f"expected => JSON.stringify(({MATRIX})()) === expected",
            json.dumps(expected, separators=(",", ":")),
        )
    page.get_by_role("radio", name="Curves").click()
    share = float((labels & called).sum() / labels.sum())
    comes_true(page, f"share => Math.abs(({POINT})() - share) < 1e-6", share)
    page.reload()  # the address keeps the view
    expect(page.get_by_text("Stage 1: 0.890")).to_be_visible()
    comes_true(page, f"share => Math.abs(({POINT})() - share) < 1e-6", share)


def test_each_model_has_a_column_of_figures_matrix_and_roc(server, page):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server}/comparison")
    columns = page.locator(".key-figures section")
    expect(columns).to_have_count(3)
    expect(columns.locator(".key-figures-matrix")).to_have_count(3)
    expect(
        columns.get_by_role("img", name=re.compile(r"ROC of Stage \d.*AUC 0\.\d+.*specificity"))
    ).to_have_count(3)
    tops = {round(columns.nth(index).bounding_box()["y"]) for index in range(3)}
    assert len(tops) == 1  # side by side


def test_a_cell_of_a_matrix_shows_its_images(server, page):
    page.goto(f"{server}/comparison")
    expect(page.get_by_text("Click a cell of a confusion matrix")).to_be_visible()
    settled(page)
    cells = page.locator(".key-figures-matrix").first.get_by_role("button")
    expect(cells).to_have_count(4)
    counts = [int(re.search(r"\d+", text)[0]) for text in cells.all_text_contents()]
    fullest = counts.index(max(counts))
    row = fullest // 2
    cells.nth(fullest).press("Enter")
    expect(page.get_by_text(re.compile(f"^{max(counts)} images, most confident first"))).to_be_visible()
    page.locator(".image-tile").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Original")).to_be_visible()
    expect(dialog.get_by_text(re.compile("Stage 3: "))).to_be_visible()
    expect(dialog.get_by_text(f"True label {['NORMAL', 'PNEUMONIA'][row]} · ")).to_be_visible()
    expect(dialog.get_by_text(f"1 of {max(counts)}")).to_be_visible()
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_text(f"2 of {max(counts)}")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_text(f"1 of {max(counts)}")).to_be_visible()
    settled(page)
    name = dialog.get_by_text("True label").text_content().split(" · ")[1]
    dialog.get_by_role("button", name="Add to Diagnosis").click()
    dialog.get_by_role("link", name="Open Diagnosis").click()
    expect(page.locator(".st-key-result").get_by_text(name, exact=True)).to_be_visible()


def test_the_occlusion_test_runs_and_images_are_selected_on_the_map(server, page):
    page.goto(f"{server}/comparison")
    page.get_by_role("radio", name="Shortcuts").click()
    page.get_by_role("button", name="Run the occlusion test (3 models)").click()
    expect(page.locator(".js-plotly-plot").get_by_text("corners hidden").first).to_be_visible()
    page.get_by_role("radio", name="Map").click()
    expect(page.get_by_text("Draw a line around images")).to_be_visible()
    points = page.locator(".js-plotly-plot .nsewdrag").first
    points.scroll_into_view_if_needed()
    settled(page)
    box = points.bounding_box()
    corners = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.02)]
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    for across, down in corners:
        page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down, steps=5)
    page.mouse.up()
    expect(page.get_by_text("15 images, as selected")).to_be_visible()


def test_the_report_is_created_and_downloaded(server, page, tmp_path):
    page.goto(f"{server}/comparison")
    page.get_by_role("radio", name="Report").click()
    page.get_by_role("button", name="Create report").click()
    expect(page.get_by_role("button", name="PDF")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="PDF").click()
    download.value.save_as(tmp_path / "report.pdf")
    text = " ".join(part.extract_text() for part in PdfReader(tmp_path / "report.pdf").pages)
    assert "Stage 1, Stage 2, Stage 3. All of run trained." in text and "corners hidden" in text
