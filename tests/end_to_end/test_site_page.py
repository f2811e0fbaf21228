"""Local images are measured in a browser, and those of a zip are labelled blinded."""

import json
import zipfile

import pytest
from playwright.sync_api import expect

from core.inference import AuditLog
from core.registry import active_model
from tests.monitor.logged_results import WITHHELD, add_results, steady


@pytest.fixture
def red_log(trained, home):
    """An audit log whose last results of the active model are withheld."""
    model = str(active_model().model.identity)
    log = AuditLog(home / "audit.sqlite")
    add_results(log, [row | {"model": model} for row in [*steady(150), *[WITHHELD] * 50]])
    yield
    for path in home.glob("audit.sqlite*"):
        path.unlink()


def test_a_folder_is_measured_and_the_result_is_downloaded(trained_server, page, demo, tmp_path, red_log):
    page.goto(f"{trained_server}/site")
    expect(page.get_by_text("141 PNEUMONIA images")).to_be_visible()
    page.get_by_role("textbox", name="Folder or table").fill(str(demo))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Measure trained/3").click()
    expect(page.get_by_role("heading", name=demo.name)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    download.value.save_as(tmp_path / "result.json")
    values = json.loads((tmp_path / "result.json").read_text())
    assert values["counts"]["files"] == 60 and values["model"].startswith("trained/3")
    page.get_by_role("radio", name="How many do I need?").click()
    expect(page.get_by_text("What the images at hand can show")).to_be_visible()
    page.get_by_role("radio", name="Watch").click()
    expect(page.get_by_text("Red. Results withheld: 50 of 50 in results 151 to 200")).to_be_visible()
    expect(page.get_by_text("Results a day")).to_be_visible()


def test_images_of_a_zip_are_labelled_by_keys(trained_server, page, demo, tmp_path):
    with zipfile.ZipFile(tmp_path / "ward.zip", "w") as archive:
        for path in sorted((demo / "test").rglob("*.jpeg"))[:2]:
            archive.write(path, path.name)
    page.goto(f"{trained_server}/site")
    page.get_by_role("button", name="Upload a zip").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(tmp_path / "ward.zip")
    page.get_by_role("button", name="Import zip").click()
    page.get_by_role("textbox", name="Reader").fill("Ada")
    page.keyboard.press("Enter")
    expect(page.get_by_text("0 of 2 images labelled by you")).to_be_visible()
    for key, position in (("ArrowRight", "2 of 2"), ("p", "1 of 2"), ("u", "2 of 2 images")):
        page.locator("body").press(key)
        expect(page.get_by_text(position).first).to_be_visible()
    page.get_by_role("radio", name="Compare the readers").click()
    expect(page.get_by_text("Ada has labelled 2 of 2: 0 NORMAL, 1 PNEUMONIA, 1 not sure.")).to_be_visible()
    expect(page.get_by_text("One reader only")).to_be_visible()
