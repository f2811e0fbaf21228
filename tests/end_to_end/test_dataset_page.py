"""A zip is dropped, becomes a set, is paged through, audited and removed."""

import zipfile

from playwright.sync_api import expect

from benchmarks.app import settled
from core.dataset import write_demo


def test_a_dropped_zip_becomes_a_set_that_is_paged_and_audited(server, page, tmp_path):
    demo = write_demo(tmp_path / "chest_xray", images=120)
    archive = tmp_path / "films.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(demo.glob("*/*/*.jpeg")):
            file.write(path, path.relative_to(tmp_path))
        file.write(path, path.relative_to(tmp_path).with_name("person999_virus_9.jpeg"))
    page.goto(f"{server}/dataset")
    page.get_by_role("button", name="Get data").click()
    broken = {"name": "broken.zip", "mimeType": "application/zip", "buffer": b"no zip"}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(broken)
    page.get_by_role("button", name="Import zip").click()
    expect(page.get_by_text("is no zip that can be read")).to_be_visible()

    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(str(archive))
    expect(page.get_by_role("textbox", name="Name of the set").first).to_have_value("films")
    page.get_by_role("button", name="Import zip").click()
    expect(page.get_by_text("121 images, as the network sees them")).to_be_visible()
    first = page.locator(".film").first.get_attribute("title")
    page.get_by_role("button", name="Page 2").click()
    page.wait_for_function(f"document.querySelector('.film').title !== {first!r}")
    settled(page)

    page.get_by_role("radio", name="Distributions").click()
    expect(page.get_by_text("pneumonia: standard deviation")).to_be_visible()
    page.get_by_role("radio", name="Audit").click()
    page.get_by_role("button", name="Audit this set").click()
    expect(page.get_by_text("looks found something")).to_be_visible()
    page.get_by_text("Ways to tell the class without looking at lungs").click()
    expect(page.get_by_text("auc thumbnail")).to_be_visible()

    page.get_by_text("Groups of byte-identical images: 1").click()
    page.get_by_text("Leave them out of training").first.click()
    page.get_by_role("button", name="Browse these films").first.click()
    expect(page.get_by_text("2 images, as the network sees them")).to_be_visible()
    expect(page.locator(".film")).to_have_count(2)
    page.get_by_text("Side by side").click()
    expect(page.get_by_text("PNEUMONIA 2")).to_be_visible()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Training").click()
    page.get_by_text("Settings", exact=True).click()
    page.get_by_role("tab", name="Data and augmentation").click()
    expect(page.get_by_role("checkbox", name="Leave out copies")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Leave out patients of test")).not_to_be_checked()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Dataset").click()
    expect(page.get_by_role("heading", name="Dataset", exact=True)).to_be_visible()
    settled(page)

    page.get_by_role("button", name="Get data").click()
    page.get_by_role("tab", name="Imported sets").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Use the synthetic set")).to_be_visible()
    expect(page.get_by_role("combobox", name="Folder of the data set")).to_have_value("")
