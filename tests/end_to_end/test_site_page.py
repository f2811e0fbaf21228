"""A folder of labelled images is measured in a browser, and the result is downloaded."""

import json

from playwright.sync_api import expect


def test_a_folder_is_measured_and_the_result_is_downloaded(trained_server, page, demo, tmp_path):
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
