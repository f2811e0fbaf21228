"""What a reader takes away: readings as a PDF, the heat map over the film as a PNG."""

import io
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from core.diagnosis.models import AvailableModel
from core.diagnosis.reading import Reading, certainty
from core.document import Picture, Section, write_pdf
from core.evaluation import calibrated

STRENGTH = 0.6  # of the heat map
NOTICE = (
    "Research use, not a medical device: a person decides. The model knows pneumonia or none, on frontal "
    "films of children, and nothing else."
)


def overlay_png(reading: Reading, strength: float = STRENGTH) -> bytes:
    """The film with the heat map over it, in the film's own size.

    Args:
        strength: of full heat, 0 to 1.
    """
    buffer = io.BytesIO()
    Image.fromarray(overlaid(reading, strength)).save(buffer, "PNG")
    return buffer.getvalue()


def overlaid(reading: Reading, strength: float = STRENGTH) -> np.ndarray:
    """The same as colours, uint8 (height, width, 3)."""
    # Imported here: it takes half a second, and answers do without.
    from core.figures.diagnosis import overlay

    return overlay(reading.film.pixels, reading.heat.over(reading.film.pixels), strength)


def reading_report(readings: Iterable[Reading], model: AvailableModel) -> bytes:
    """A PDF with a section for each film: finding, probability, remarks, film and heat map.

    It holds file names and what a DICOM file says without identifying anybody, no names, ids or dates.
    """
    with tempfile.TemporaryDirectory() as place:
        sections = [Section("Model", [_table(_model(model)), NOTICE])]
        for number, reading in enumerate(readings, start=1):
            film, looked = Path(place) / f"{number}-film.png", Path(place) / f"{number}-heat.png"
            Image.fromarray(reading.film.pixels).save(film)
            pictures = [Picture(film, "The film", True)]
            if not reading.withheld:
                looked.write_bytes(overlay_png(reading))
                pictures.append(Picture(looked, "Where the model looked", True))
            sections.append(
                Section(
                    f"{reading.film.name}: {reading.finding}",
                    [_table(_facts(reading)), *reading.remarks(), *pictures],
                )
            )
        path = Path(place) / "report.pdf"
        write_pdf(path, "Chest X-ray reading", sections)
        return path.read_bytes()


def _model(model: AvailableModel) -> dict[str, str]:
    record = model.record
    return {
        "model": model.title,
        "trained on": f"{record.data or 'unknown data'}{' (SYNTHETIC)' if record.synthetic else ''}",
        "called pneumonia from": f"{calibrated(record.threshold, record.temperature):.1%}, "
        f"{record.threshold_rule}",
        "measured": model.measured(),
    }


def _facts(reading: Reading) -> dict[str, str]:
    probability = reading.prediction.calibrated
    answer = {"probability of pneumonia": f"{probability:.1%} ({certainty(probability)})"}
    return {
        "finding": reading.finding,
        **({} if reading.withheld else answer),
        "pixels": f"{reading.film.width} x {reading.film.height}",
        **reading.film.facts,
        "SHA-256 of the file": reading.film.sha256,
    }


def _table(values: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({" ": values})
