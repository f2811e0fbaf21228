"""Readings as a PDF report, and the heat map over the image as a PNG."""

import io
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import PIL.ImageDraw

from core.evaluation import percent
from core.images import Box
from core.inference import NOTICE, AvailableModel, HumanReading, Reading
from core.reports.document import Picture, Section, write_pdf

STRENGTH = 0.6  # of the heat map
HEAT_TITLE = "Heat map: what spoke for pneumonia; often not where an opacity is"
BOX_COLOUR = "#ffd84d"
INTENDED_USE = (
    f"{NOTICE} The model distinguishes only pneumonia from no pneumonia, and only on frontal chest X-rays of "
    "children."
)


def overlay_png(reading: Reading, strength: float = STRENGTH) -> bytes:
    """The image with its heat map over it, in the size of the image.

    Args:
        strength: opacity of the hottest region, 0 to 1.
    """
    buffer = io.BytesIO()
    PIL.Image.fromarray(overlaid(reading, strength)).save(buffer, "PNG")
    return buffer.getvalue()


def overlaid(reading: Reading, strength: float = STRENGTH) -> np.ndarray:
    """The same as an RGB array, uint8 (height, width, 3)."""
    # Imported lazily: only heat maps need the colours.
    from core.figures.heat_overlay import overlay

    if reading.heat_map is None:
        raise ValueError(f"{reading.image.name} was read without a heat map.")
    return overlay(reading.image.pixels, reading.heat_map.over(reading.image.pixels), strength)


def reading_report(
    readings: Iterable[Reading], model: AvailableModel, human: Mapping[str, HumanReading] | None = None
) -> bytes:
    """A PDF with a section per image: finding, advice, probability, remarks, image and heat map.

    Several images begin with a summary. It contains file names and non-identifying DICOM attributes, but no
    patient names, IDs or dates.

    Args:
        readings: in the order of the report.
        model: that made them.
        human: readings by a person, by the SHA-256 of the image's file.
    """
    human = human or {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sections, summary = [], []
        for number, reading in enumerate(readings, start=1):
            name, own = _distinct_in_print(reading.image.name), human.get(reading.image.sha256)
            pictures = _pictures(reading, own, folder, number)
            advice = f"{reading.advice} {NOTICE}"
            parts = [advice, _table(_result_rows(reading, own)), *reading.remarks(), *pictures]
            sections.append(Section(f"{name}: {reading.finding}", parts, together=True))
            summary.append(_summary_row(name, reading, own))
        if len(sections) > 1:
            sections.insert(0, _summary(summary))
        sections.append(Section("Model", [_table(_model_rows(model)), INTENDED_USE], together=True))
        write_pdf(folder / "report.pdf", "Chest X-ray reading", sections)
        return (folder / "report.pdf").read_bytes()


def _distinct_in_print(name: str) -> str:
    """A name in which characters that the fonts lack are numbers: as question marks, two would look alike."""
    return unicodedata.normalize("NFC", name).encode("cp1252", "backslashreplace").decode("cp1252")


def _pictures(reading: Reading, human: HumanReading | None, folder: Path, number: int) -> list[Picture]:
    """The image with the reader's box, and its heat map unless the result is withheld."""
    image = folder / f"{number}-image.png"
    box = human.box if human else None
    picture = PIL.Image.fromarray(reading.image.pixels)
    (boxed(picture, box) if box else picture).save(image)
    pictures = [Picture(image, "X-ray with the reader's box" if box else "X-ray", True)]
    if not reading.withheld:
        overlay = folder / f"{number}-heat-map.png"
        overlay.write_bytes(overlay_png(reading))
        pictures.append(Picture(overlay, HEAT_TITLE, True))
    return pictures


def boxed(picture: PIL.Image.Image, box: Box) -> PIL.Image.Image:
    """The picture in colour with a box drawn on it."""
    drawn = picture.convert("RGB")
    edges = [share * side for share, side in zip(box, 2 * drawn.size, strict=True)]
    PIL.ImageDraw.Draw(drawn).rectangle(edges, outline=BOX_COLOUR, width=max(2, max(drawn.size) // 200))
    return drawn


def _model_rows(model: AvailableModel) -> dict[str, str]:
    record = model.record
    return {
        "Model": model.title,
        "Version": str(model.identity),
        **({"Members": model.origin} if record.members else {"Run": record.run or "unknown"}),
        "Trained on": f"{record.data or 'unknown data'}{' (SYNTHETIC)' if record.synthetic else ''}",
        "Operating point": model.threshold_sentence(),
        "Calibration": model.calibration_sentence(),
        "Test results": model.test_result_sentence(),
    }


def _summary(rows: list[dict[str, str]]) -> Section:
    """How many images have which finding, and a row for each image."""
    table = pd.DataFrame(rows).set_index("Image")
    counts = table["Finding"].value_counts()
    findings = ", ".join(f"{finding} {count}" for finding, count in counts.items())
    return Section("Summary", [f"{len(table)} images: {findings}.", table])


def _summary_row(name: str, reading: Reading, human: HumanReading | None) -> dict[str, str]:
    return {
        "Image": name,
        "Finding": reading.finding,
        "Probability": reading.shown_score,
        "Warnings": str(len(reading.image_warnings())),
        "Reader": human.agreement if human else "",
    }


def _result_rows(reading: Reading, human: HumanReading | None) -> dict[str, str]:
    result = {reading.score_name: reading.score_words}
    if spread := reading.spread:
        result["Members of the ensemble"] = " to ".join(map(percent, spread))
    return {
        "Finding": reading.finding,
        **({} if reading.withheld else result),
        **({"Reader": human.sentence()} if human else {}),
        "Size in pixels": f"{reading.image.width} x {reading.image.height}",
        **reading.image.facts,
        "SHA-256 of the file": reading.image.sha256,
    }


def _table(rows: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({" ": rows})
