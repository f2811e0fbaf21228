"""A hospital's whole story in a browser, and images of a zip that are labelled blinded."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from benchmarks.app import settled
from core.dataset import write_synthetic_dataset
from core.images import read_image
from core.inference import AuditLog, AvailableModel, Reader
from core.registry import active_registered_model, retire, rollback
from core.site import LabelLog, blinded
from tests.end_to_end.promotion_steps import promote_although_checks_fail

IMAGES = 100  # of which 40 are NORMAL: a threshold takes 30 patients of each class
BLOCK = 50  # results that the monitor compares at once, with the first 100


@pytest.fixture
def ward(trained, tmp_path) -> Path:
    """A folder of unlabelled images, of which Ada has labelled all but ten before."""
    folder = write_synthetic_dataset(tmp_path / "ward", images=IMAGES, seed=40)
    images = blinded([str(path) for path in folder.rglob("*.jpeg")])
    for sha256, file in list(images.items())[10:]:
        LabelLog().add(sha256, "Ada", Path(file).parent.name)
    return folder


@pytest.fixture
def restored(trained, home):
    """Afterwards the model of before answers, and there are no audit log and no criteria."""
    before = active_registered_model().title
    yield
    if active_registered_model().title != before:
        retired = active_registered_model().title
        assert rollback("tests").title == before
        retire(retired, "tests")
    for pattern in ("audit.sqlite*", "site-criteria.json"):
        for path in home.glob(pattern):
            path.unlink()


def log_results(model: AvailableModel, folder: Path) -> None:
    """Let a model read images into the audit log: as they are, every one twice, then inverted."""
    reader, log = Reader.of(model), AuditLog()
    files = sorted(folder.rglob("*.jpeg"))
    usual = reader.read([read_image(str(file)) for file in files[: 3 * BLOCK // 2]])
    for reading in [*usual, *usual]:
        log.add_result(reading, model.record, model.identity)
    for file in files[:BLOCK]:
        ImageOps.invert(Image.open(file).convert("L")).save(file)
    for reading in reader.read([read_image(str(file)) for file in files[:BLOCK]]):
        log.add_result(reading, model.record, model.identity)


def enter_reader(page: Page) -> None:
    """Enter the name of a reader; as long as its field is there, it takes the keys that label."""
    field = page.get_by_role("textbox", name="Reader")
    field.fill("Ada")
    page.keyboard.press("Enter")
    expect(field).to_have_count(0)
    settled(page)


def expect_image(page: Page, labelled: int, number: int, total: int) -> None:
    """Expect so many labels, and the image of a number, whose buttons take the keys."""
    expect(page.get_by_text(f"{labelled} of {total} images labelled by you")).to_be_visible()
    expect(page.get_by_text(f"{number} of {total}", exact=True)).to_be_visible()  # drawn after the buttons


def test_a_hospital_labels_measures_sets_accepts_promotes_and_watches(
    trained_server, page, ward, restored, tmp_path
):
    page.goto(f"{trained_server}/site")
    page.get_by_role("textbox", name="Folder or table").fill(str(ward))
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="Label blinded").click()
    enter_reader(page)
    for labelled in range(IMAGES - 10, IMAGES):
        expect_image(page, labelled, labelled - IMAGES + 11, IMAGES)
        page.locator("body").press("pn"[labelled % 2])
    expect_image(page, IMAGES, 11, IMAGES)

    page.get_by_role("radio", name="Accept").click()
    page.get_by_role("spinbutton", name="Sensitivity at least").fill("0.9")
    page.get_by_role("textbox", name="Your name").fill("Ada")
    page.get_by_role("button", name="Write down").click()
    expect(page.get_by_text("sensitivity of at least 0.9; written down by Ada")).to_be_visible()

    page.get_by_role("radio", name="Measure").click()
    expect(page.get_by_role("button", name=re.compile("Measure Stage 3"))).to_be_visible()
    settled(page)  # what is drawn later closes an open list
    page.get_by_role("combobox", name="Labels").click()
    page.get_by_role("option", name="(readers in the app)").click()
    page.get_by_role("button", name=re.compile("Measure Stage 3")).click()
    expect(page.get_by_role("heading", name="ward")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    download.value.save_as(tmp_path / "result.json")
    values = json.loads((tmp_path / "result.json").read_text())
    assert values["counts"]["files"] == IMAGES and values["model"].startswith("trained/3")

    page.get_by_role("radio", name="Set the threshold").click()
    page.get_by_role("button", name="Save as a version").click()
    saved = page.get_by_text(re.compile("Registered as .*It answers once it is promoted"))
    expect(saved).to_be_visible()
    version = re.search("Registered as (.*?)\\. It", saved.inner_text()).group(1)

    page.get_by_role("radio", name="Accept").click()
    expect(page.get_by_text("The images are SYNTHETIC")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Acceptance report").click()
    download.value.save_as(tmp_path / "acceptance.pdf")
    text = " ".join(part.extract_text() for part in PdfReader(tmp_path / "acceptance.pdf").pages)
    assert "ward" in text and "Sensitivity at least 0.9" in " ".join(text.split())

    page.goto(f"{trained_server}/comparison?section=Promotion")
    number = version.rpartition(" ")[2]
    chosen = page.get_by_role("combobox", name="Model to promote")
    expect(chosen).to_have_value(re.compile(f"version {number}$"))
    promote_although_checks_fail(page, f".*version {number}", "for this ward")
    answering = active_registered_model()
    assert " images of ward" in answering.model.record.threshold_rule

    log_results(answering.model, ward)
    page.goto(f"{trained_server}/site")
    page.get_by_role("radio", name="Watch").click()
    expect(page.get_by_text(re.compile("^Red. .* results 151 to 200"))).to_be_visible()


def test_images_of_a_zip_are_labelled_by_keys(trained_server, page, demo, tmp_path):
    with zipfile.ZipFile(tmp_path / "ward.zip", "w") as archive:
        for path in sorted((demo / "test").rglob("*.jpeg"))[:2]:
            archive.write(path, path.name)
    page.goto(f"{trained_server}/site")
    page.get_by_role("button", name="Upload a zip").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(tmp_path / "ward.zip")
    page.get_by_role("button", name="Import zip").click()
    enter_reader(page)
    expect_image(page, 0, 1, 2)
    for key, labelled, number in (("ArrowRight", 0, 2), ("p", 1, 1), ("u", 2, 2)):
        page.locator("body").press(key)
        expect_image(page, labelled, number, 2)
    page.get_by_role("radio", name="Compare the readers").click()
    expect(page.get_by_text("Ada has labelled 2 of 2: 0 NORMAL, 1 PNEUMONIA, 1 not sure.")).to_be_visible()
    expect(page.get_by_text("One reader only")).to_be_visible()
