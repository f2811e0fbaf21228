"""Images of every kind dropped at once, read, noted, filed and taken away."""

import io
import re
import shutil
import subprocess
import zipfile

import numpy as np
import pandas as pd
import pydicom
import pytest
from PIL import Image
from playwright.sync_api import expect
from pypdf import PdfReader

from benchmarks.app import comes_true, exceeds, settled
from core.dataset.synthetic import draw_chest
from core.inference import AuditLog
from tests.end_to_end.diagnosis_steps import show_withheld_results

pytestmark = pytest.mark.skipif(not shutil.which("img2dcm"), reason="dcmtk is not installed")


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> dict[str, bytes]:
    """One image in many formats, the DICOM ones by dcmtk; and an earlier one of the same person."""
    folder = tmp_path_factory.mktemp("images")
    pixels = draw_chest(np.random.default_rng(4), "bacteria")
    image = Image.fromarray(pixels)
    for name, options in (("image.png", {}), ("image.jpeg", {"quality": 95}), ("image.bmp", {})):
        image.save(folder / name, **options)
    Image.fromarray(draw_chest(np.random.default_rng(5), "none")).save(folder / "before.bmp")
    for name, date in (("image", "20240302"), ("before", "20240105")):
        person = ["-i", "PatientID=4711", "-i", "PatientName=Doe^Jane", "-i", f"StudyDate={date}"]
        person += ["-i", "ImagerPixelSpacing=0.5\\0.5"]
        _run("img2dcm", "-i", "BMP", folder / f"{name}.bmp", folder / f"{name}.dcm")
        _run("dcmodify", "-nb", "-i", "Modality=CR", "-i", "PatientAge=003Y", *person, folder / f"{name}.dcm")
    for program in ("dcmcjpeg", "dcmcrle", "dcmcjpls"):
        _run(program, folder / "image.dcm", folder / f"{program}.dcm")
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".bmp"}


@pytest.fixture
def log(home) -> AuditLog:
    """The audit log, empty at first, whatever was logged before."""
    for path in home.glob("audit.sqlite*"):
        path.unlink()
    return AuditLog(home / "audit.sqlite")


def _run(*command) -> None:
    subprocess.run([str(part) for part in command], check=True)


def drop(page, files: dict[str, bytes]) -> None:
    uploads = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files.items()
    ]
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(uploads)


def opened(page, server) -> None:
    page.goto(f"{server}/diagnosis")
    expect(page.get_by_role("button", name="Try an example")).to_be_visible()
    show_withheld_results(page)


def downloaded(page, name: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return open(download.value.path(), "rb").read()


def drag(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end)
    page.mouse.up()


def test_one_image_in_every_format_has_one_answer(trained_server, page, images):
    opened(page, trained_server)
    drop(page, {**images, "report.txt": b"no image", "noise": b"DICM"})
    alerts = page.get_by_role("alert")
    expect(alerts.get_by_text("report.txt is not an image that can be read here")).to_be_visible()
    expect(alerts.get_by_text("noise is a DICOM object without an image")).to_be_visible()
    table = pd.read_csv(io.BytesIO(downloaded(page, "CSV of all results"))).set_index("File")
    assert set(table.index) == {*images, "report.txt", "noise"}
    same = table.loc[["image.png", "image.dcm", "dcmcrle.dcm", "dcmcjpls.dcm"], "Probability"]
    assert np.ptp(same) < 1e-3
    lossy = table.loc[["image.jpeg", "dcmcjpeg.dcm"], "Probability"]
    assert np.abs(lossy - same.iloc[0]).max() < 0.1
    assert table.loc["report.txt", "Finding"] == "Unreadable"
    assert "4711" not in page.content() and "Jane" not in page.content()


def test_a_zip_is_read_like_its_images(trained_server, page, images):
    opened(page, trained_server)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/image.png", images["image.png"])
        archive.writestr("a/IM01", images["image.dcm"])
        archive.writestr("notes.txt", b"nothing")
    drop(
        page,
        {
            "images.zip": packed.getvalue(),
            "broken.zip": packed.getvalue()[:300],
            "copy.png": images["image.png"],
        },
    )
    expect(page.get_by_role("alert").get_by_text("broken.zip is damaged or cut short")).to_be_visible()
    expect(page.get_by_text("Duplicates, shown once: copy.png (same as image.png)")).to_be_visible()
    table = pd.read_csv(io.BytesIO(downloaded(page, "CSV of all results")))
    assert sorted(table["File"]) == ["IM01", "image.png"] and np.ptp(table["Probability"]) < 1e-3


def test_an_earlier_image_of_the_same_person_stands_beside_it(trained_server, page, images):
    opened(page, trained_server)
    drop(page, {"image.dcm": images["image.dcm"], "before.dcm": images["before.dcm"]})
    expect(page.get_by_text("CSV of all results")).to_be_visible()
    shown = page.locator(".viewer figcaption")
    expect(shown.first).to_be_visible()
    settled(page)
    listed = page.get_by_role("listbox", name="Images")
    listed.focus()
    for key, position in (("End", 1), ("Home", 0)):
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        expect(listed.get_by_role("option").nth(position)).to_have_attribute("aria-selected", "true")
        expect(listed).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_text("Saved: agree")).to_be_visible()
    settled(page)
    expect(listed).to_be_focused()
    listed.get_by_role("option", name="image.dcm").click()
    expect(page.locator(".st-key-result").get_by_text("image.dcm", exact=True)).to_be_visible()
    expect(shown.first).to_have_text("Earlier X-ray")
    page.get_by_text("Technical details").click()
    expect(page.get_by_text("image.dcm · 256 x 256 pixels")).to_be_visible()
    expect(page.get_by_text("Age: 003Y")).to_be_visible()


def test_an_image_is_noted_logged_and_filed(trained_server, page, images, log):
    opened(page, trained_server)
    # By key: what is opened slides for half a second, and a click may miss it on a busy machine.
    page.get_by_text("Session and audit log").click()
    page.get_by_role("switch", name="Keep an audit log").press("Space")
    expect(page.get_by_text("Results and readings are now logged")).to_be_visible()
    settled(page)
    drop(page, {"image.dcm": images["image.dcm"]})
    expect(page.get_by_text("Probability of pneumonia").first).to_be_visible()
    expect(page.get_by_text("Your finding").first).to_be_visible()
    settled(page)
    page.get_by_role("heading", name="Diagnosis").click()  # keys do nothing while the switch has the focus
    page.keyboard.press("a")
    expect(page.get_by_text("Saved: agree, image.dcm.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    expect(page.get_by_text("No agreement or disagreement recorded yet")).to_be_visible()
    settled(page)  # the line with Undo goes last, and all below moves up
    page.keyboard.press("f")
    page.keyboard.press("b")
    area = page.locator(".viewer canvas").first.bounding_box()
    start = area["x"] + 0.25 * area["width"], area["y"] + 0.5 * area["height"]
    drag(page, start, (area["x"] + 0.5 * area["width"], area["y"] + 0.75 * area["height"]))
    expect(page.get_by_text("Your box is saved with")).to_be_visible()
    for key in ("b", "ArrowRight", "Escape", "b", "Alt+ArrowUp", *["ArrowLeft"] * 4, *["Shift+ArrowUp"] * 2):
        page.keyboard.press(key)
    expect(page.get_by_text(re.compile(r"Box: \d+% from the left, 5\d% from the top"))).to_be_visible()
    page.keyboard.press("b")
    expect(page.get_by_text("Drag, or use the arrow keys")).to_be_hidden()
    settled(page)
    page.get_by_text("Your finding").first.click()
    page.get_by_role("textbox", name="Your finding").fill("effusion <b>")
    page.get_by_role("button", name="Disagree").click()
    expect(page.get_by_text("Saved: disagree, image.dcm.")).to_be_visible()
    expect(page.get_by_text("Readers agreed with 0 of 1 results")).to_be_visible()
    assert list(log.human_readings()["agreement"]) == ["agree", "withdrawn", "disagree"]
    assert log.human_readings()["own"].iloc[-1] == "effusion <b>" and len(log.results()) == 1
    box = np.array(log.human_readings()["box"].iloc[-1].split(), float)
    # On the image, not on its mirror image: to the left as it is seen; lower by two steps.
    assert box == pytest.approx([0.54, 0.51, 0.79, 0.74], abs=0.01)
    with zipfile.ZipFile(io.BytesIO(downloaded(page, "DICOM objects"))) as archive:
        objects = {name: pydicom.dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()}
    assert sorted(objects) == ["contours.dcm", "finding.dcm", "lungs.dcm", "overlay.dcm", "report.dcm"]
    assert "SCOORD" in str(objects["finding.dcm"])
    assert {item.PatientID for item in objects.values()} == {"4711"}
    assert "effusion <b>" in PdfReader(io.BytesIO(downloaded(page, "PDF report"))).pages[0].extract_text()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Training").click()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Diagnosis").click()
    expect(page.locator(".st-key-result").get_by_text("image.dcm", exact=True)).to_be_visible()
    page.get_by_text("Session and audit log").click()
    expect(page.get_by_text("Results and readings are now logged")).to_be_visible()  # here, too
    page.get_by_text("Clear this session").click()
    expect(page.get_by_role("button", name="Try an example")).to_be_visible()


def test_what_is_no_image_gets_no_answer_unless_asked_for(trained_server, page):
    page.goto(f"{trained_server}/diagnosis")
    expect(page.get_by_role("button", name="Try an example")).to_be_visible()
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (300, 300)).astype(np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    drop(page, {"noise.png": buffer.getvalue()})
    expect(page.get_by_role("heading", name="No result")).to_be_visible()
    expect(page.get_by_text("No lungs found").first).to_be_visible()
    expect(page.get_by_text("Outside the range of the training images")).to_be_visible()
    expect(page.get_by_text("Probability of pneumonia")).to_have_count(0)
    show_withheld_results(page)
    expect(page.get_by_text("Probability of pneumonia").first).to_be_visible()
    expect(page.get_by_text("Outside the range of the training images")).to_be_visible()


def test_the_viewer_inverts_flips_measures_and_zooms_without_the_server(trained_server, page, images):
    opened(page, trained_server)
    drop(page, {"image.dcm": images["image.dcm"]})
    expect(page.get_by_text("Probability of pneumonia").first).to_be_visible()
    canvas = page.locator(".viewer canvas")
    expect(canvas).to_have_count(2)
    settled(page)
    pixel = """(share = 0.5) => { const canvas = document.querySelector('.viewer canvas');
        const area = [share * canvas.width, canvas.height / 2, 1, 1];
        return canvas.getContext('2d').getImageData(...area).data[0]; }"""
    exceeds(page, pixel, 0)
    before = page.evaluate(pixel)
    page.get_by_label("Invert").check()
    assert page.evaluate(pixel) == 255 - before
    page.get_by_label("Invert").uncheck()
    left, right = page.evaluate(pixel, 30.5 / 256), page.evaluate(pixel, 225.5 / 256)
    assert left != right
    page.keyboard.press("f")
    assert (page.evaluate(pixel, 225.5 / 256), page.evaluate(pixel, 30.5 / 256)) == (left, right)
    page.keyboard.press("m")
    box = canvas.first.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    drag(page, (middle[0], box["y"] - 4), middle)  # from outside the image
    expect(page.get_by_text("Drag over the image")).to_be_visible()
    drag(page, (box["x"] + 1, middle[1]), (middle[0] + 1, middle[1]))
    expect(page.get_by_text("64.0 mm at the detector")).to_be_visible()
    drag(page, (middle[0], box["y"] - 4), middle)
    expect(page.get_by_text("64.0 mm at the detector")).to_be_visible()
    assert not errors
    page.keyboard.press("m")
    page.keyboard.press("f")
    page.get_by_role("button", name="Zoom in").click()
    page.locator(".viewer select").select_option("Image")
    assert page.evaluate(pixel) != before
    page.get_by_label("Contour").check()
    heat_map = page.locator(".viewer-heat")
    page.keyboard.press("h")
    expect(heat_map).to_be_hidden()
    page.get_by_role("button", name="Full screen").click()
    expect(page.locator(".viewer-answer")).to_be_visible()
    page.get_by_role("button", name="Full screen").click()
    comes_true(page, "!document.fullscreenElement")
    expect(page.locator(".viewer-answer")).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    parts = [page.locator(f".st-key-{name}") for name in ("headline", "x-ray", "remarks")]
    tops = [part.bounding_box()["y"] for part in parts]
    page.set_viewport_size({"width": 1280, "height": 900})
    assert tops == sorted(tops), "on a phone the image comes between the finding and all else"


def test_who_reads_first_sees_the_result_afterwards(trained_server, page, images, log):
    opened(page, trained_server)
    page.get_by_role("switch", name="Read first").press("Space")
    settled(page)
    page.get_by_text("Session and audit log").click()
    page.get_by_role("switch", name="Keep an audit log").press("Space")
    expect(page.get_by_text("Results and readings are now logged")).to_be_visible()
    settled(page)
    drop(page, {"image.png": images["image.png"], "before.dcm": images["before.dcm"]})
    expect(page.get_by_role("heading", name="Your reading first")).to_be_visible()
    settled(page)
    expect(page.get_by_text("pneumonia (0)", exact=True)).to_be_visible()
    expect(page.locator(".viewer-heat")).to_have_count(0)
    expect(page.get_by_role("button", name="PDF report")).to_have_count(0)
    page.get_by_role("heading", name="Diagnosis").click()  # keys do nothing while the switch has the focus
    page.keyboard.press("n")
    expect(page.get_by_text("You read first: no pneumonia.")).to_be_visible()
    expect(page.locator(".viewer-heat")).to_have_count(1)
    expect(page.get_by_role("button", name="PDF report")).to_be_visible()
    assert list(log.first_readings()["finding"]) == ["no pneumonia"]
