"""A zip is uploaded, imported, browsed, audited and removed."""

import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from benchmarks.app import comes_true, settled
from core.anatomy import shared_lung_finder
from core.dataset import write_synthetic_dataset
from core.images import read_image


def draw_masks(folder: Path, dataset: Path) -> Path:
    """A rough mask for each image of a data set."""
    mask = np.zeros((256, 256), np.uint8)
    mask[50:190, 50:110], mask[50:190, 150:210] = 255, 255
    for path in dataset.glob("*/*/*.jpeg"):
        target = (folder / path.relative_to(dataset)).with_suffix(".png")
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(target)
    return folder


def lung_areas(dataset: Path) -> dict[str, float]:
    """Share of the image that both lungs take up, by path."""
    paths = sorted(dataset.glob("*/*/*.jpeg"))
    lungs = shared_lung_finder().find([read_image(path) for path in paths])
    return {
        str(path.relative_to(dataset)): each.right_area + each.left_area
        for path, each in zip(paths, lungs, strict=True)
    }


def filter_and_sort_by_area(page: Page, areas: dict[str, float]) -> None:
    """With the larger half of all lungs alone, then with the smallest ones first; "More filters" is open."""
    area = page.get_by_test_id("stSlider").filter(has_text="Lung area")
    expect(area).to_contain_text("100%")
    low = round(100 * float(np.median(list(areas.values()))))
    area.get_by_role("slider").first.focus()
    settled(page)
    for _ in range(low):
        page.keyboard.press("ArrowRight")
    large = sum(value >= low / 100 for value in areas.values())
    expect(page.get_by_text(f"{large} images at the model's resolution")).to_be_visible()
    settled(page)
    for _ in range(low):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(page.get_by_text("101 images at the model's resolution")).to_be_visible()
    settled(page)
    page.get_by_role("combobox", name="Sort by").click()
    page.get_by_role("option", name="lung area").click()
    smallest = min(areas, key=lambda path: areas[path])
    first_tile = page.locator(".image-tile").first
    expect(first_tile).to_have_attribute("title", smallest)
    settled(page)  # what is drawn later closes an open list
    page.get_by_text("More filters").click()


def test_an_uploaded_zip_is_imported_browsed_and_audited(server, page, tmp_path):
    demo = write_synthetic_dataset(tmp_path / "chest_xray", images=100)  # and a copy: more than a page shows
    archive = tmp_path / "images.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(demo.glob("*/*/*.jpeg")):
            file.write(path, path.relative_to(tmp_path))
        file.write(path, path.relative_to(tmp_path).with_name("person999_virus_9.jpeg"))
    drawn, areas = draw_masks(tmp_path / "masks", demo), lung_areas(demo)
    copied = path.relative_to(demo)
    areas[str(copied.with_name("person999_virus_9.jpeg"))] = areas[str(copied)]
    page.goto(f"{server}/dataset")
    page.get_by_role("button", name="Get data").click()
    broken = {"name": "broken.zip", "mimeType": "application/zip", "buffer": b"no zip"}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(broken)
    page.get_by_role("button", name="Import zip").click()
    expect(page.get_by_text("is not a zip that can be read")).to_be_visible()

    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(str(archive))
    expect(page.get_by_role("textbox", name="Name of the data set").first).to_have_value("images")
    page.get_by_role("button", name="Import zip").click()
    expect(page.get_by_text("101 images at the model's resolution")).to_be_visible()
    settled(page)
    first = page.locator(".image-tile").first.get_attribute("title")
    page.get_by_role("button", name="Page 2").click()
    comes_true(page, f"document.querySelector('.image-tile').title !== {first!r}")
    settled(page)

    page.get_by_role("button", name="Find lungs").click()
    thumbnail = page.locator(".image-tile span").first
    expect(page.get_by_text("Lungs", exact=True)).to_be_visible()
    plain = thumbnail.evaluate("tile => tile.style.backgroundImage")
    page.get_by_text("Lungs", exact=True).click()
    expect(thumbnail).not_to_have_css("background-image", plain)
    outlined = thumbnail.evaluate("tile => tile.style.backgroundImage")
    page.get_by_role("button", name="Masks").click()
    page.get_by_role("textbox", name="Folder or .npz of masks").fill(str(drawn))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Import masks").click()
    expect(page.get_by_text("Drawn lungs", exact=True)).to_be_visible()
    settled(page)
    page.get_by_text("Drawn lungs", exact=True).click()
    page.get_by_role("button", name="Masks").click()
    expect(page.get_by_text("101 of 101 images have a mask")).to_be_visible()
    page.keyboard.press("Escape")
    expect(thumbnail).not_to_have_css("background-image", outlined)
    expect(page.get_by_text("drawn by people")).to_be_visible()
    page.get_by_text("More filters").click()
    expect(page.get_by_test_id("stSlider").filter(has_text="Lung agreement")).to_contain_text("100%")
    filter_and_sort_by_area(page, areas)
    page.get_by_role("combobox", name="Issue").click()
    page.get_by_role("option", name="no plausible lungs").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("101 images at the model's resolution")).not_to_be_visible()
    page.get_by_role("radio", name="Distributions").click()
    expect(page.get_by_text("pneumonia: standard deviation")).to_be_visible()
    page.get_by_role("radio", name="Audit").click()
    page.get_by_role("button", name="Run the audit").click()
    expect(page.get_by_text("checks found issues")).to_be_visible()
    page.get_by_text("Shortcuts that predict the class without the lungs").click()
    expect(page.get_by_text("AUC, thumbnail")).to_be_visible()
    expect(page.get_by_text("Images without plausible lungs")).to_be_visible()

    page.get_by_text("Groups of byte-identical images: 1").click()
    page.get_by_text("Leave them out of training").first.click()
    page.get_by_role("button", name="Browse these images").first.click()
    expect(page.get_by_text("2 images at the model's resolution")).to_be_visible()
    expect(page.locator(".image-tile")).to_have_count(2)
    page.get_by_text("Side by side").click()
    expect(page.get_by_text("PNEUMONIA 2")).to_be_visible()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Training").click()
    page.get_by_text("Change settings").click()
    page.get_by_text("Settings", exact=True).click()
    page.get_by_role("tab", name="Data", exact=True).click()
    expect(page.get_by_role("checkbox", name="Leave out copies")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Leave out test patients")).not_to_be_checked()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Dataset").click()
    expect(page.get_by_role("heading", name="Dataset", exact=True)).to_be_visible()
    settled(page)

    page.get_by_role("radio", name="Audit").click()
    page.get_by_role("button", name="Run again").dblclick()
    expect(page.get_by_role("button", name="Run the audit")).to_be_visible()
    page.get_by_role("button", name="Get data").click()
    page.get_by_role("tab", name="Imported").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Use the synthetic data set")).to_be_visible()
    expect(page.get_by_role("combobox", name="Data set folder")).to_have_value("")
