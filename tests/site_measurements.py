"""Measurements of images that nobody took."""

from dataclasses import replace

import numpy as np
import pandas as pd

from core.site import SiteMeasurement, SiteReadings, measure

READ: dict[str, object] = {  # of an image with a result that counts
    "error": "",
    "withheld": "",
    "doubts": "",
    "warned": False,
    "in_training": False,
    "patient_in_training": False,
}


def measured(
    count: int,
    threshold: float = 0.5,
    synthetic: bool = False,
    began: str | None = None,
    label_source: str = "",
) -> SiteMeasurement:
    """A measurement of images, two of each patient, whose probabilities tell a little."""
    random = np.random.default_rng(0)
    positive = np.repeat(random.random(count // 2) < 0.5, 2)
    raw = np.clip(random.normal(0.4 + 0.25 * positive, 0.15), 0.01, 0.99)
    table = pd.DataFrame(
        {
            "sha256": [f"{number:04}" for number in range(count)],
            "label": np.where(positive, "PNEUMONIA", "NORMAL"),
            "patient": [f"p{number // 2}" for number in range(count)],
            "probability": raw**2,  # calibrated: another scale, the same order
            "raw": raw,
        }
        | READ
    )
    return of_table(table, began, threshold, synthetic, label_source)


def of_table(
    table: pd.DataFrame,
    began: str | None = None,
    threshold: float = 0.5,
    synthetic: bool = False,
    label_source: str = "",
) -> SiteMeasurement:
    """A measurement of images in a table as `SiteReadings` has it."""
    readings = SiteReadings("site", "model", threshold**2, (), (), (), synthetic, table)
    readings = replace(readings, label_source=label_source)
    return measure(replace(readings, began=began) if began else readings)
