"""The local images that a model was accepted on, or set on: what the monitor compares later results with.

Kept in the home, one file for each model file: labels and numbers of the images, without digests or patients.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from core import atomic, config
from core.config import CLASS_NAMES
from core.errors import UserError
from core.inference import ModelIdentity
from core.roles import Role, takes
from core.sentence import Sentence, template
from core.site.acceptance import Acceptance
from core.site.image_counts import counted_images
from core.site.measurement import SiteMeasurement

PREFIX = "watched: "  # of the columns of our tables
ACCEPTED, SET = "accepted", "set"
OCCASIONS = {
    ACCEPTED: template("the {count:,} images of {site} on which the model was accepted ({date}, by {by})"),
    SET: template("the {count:,} images of {site} for which the model was set ({date}, by {by})"),
}


@dataclass(frozen=True, eq=False)
class MeasuredSet:
    """Numbers of local images that a model was measured on.

    Attributes:
        site: name of the folder or table.
        occasion: `ACCEPTED` or `SET`.
        by, time: who decided that, and when (ISO 8601).
        table: a row for each image that counts, with the columns label, probability (before calibration; NaN
            of a withheld result) and those of `core.inference.image_numbers`, NaN where unknown.
    """

    site: str
    occasion: str
    by: str
    time: str
    table: pd.DataFrame

    def words(self) -> Sentence:
        """Which images, in words."""
        count, date = len(self.table), datetime.fromisoformat(self.time).date().isoformat()
        return Sentence(OCCASIONS[self.occasion], count=count, site=self.site, date=date, by=self.by)

    def images(self, label: str) -> pd.DataFrame:
        """Those of one class."""
        return self.table[self.table["label"] == label]


def watched_column(name: str) -> str:
    """The column of our tables that holds a number of an image, so that it is taken for no other column."""
    return f"{PREFIX}{name}"


@takes(Role.OWNER)
def accept(acceptance: Acceptance, identity: ModelIdentity, by: str) -> MeasuredSet:
    """Write down that a model is accepted, with the numbers of the images.

    Args:
        acceptance: of this model.
        identity: of the model.
        by: who accepts it.

    Raises:
        UserError: a criterion is not met, nobody is named, or the disk is full.
    """
    if not acceptance.passed:
        raise UserError(
            Sentence("{model} is not accepted. {verdict}", model=identity, verdict=acceptance.verdict())
        )
    if not by.strip():
        raise UserError(Sentence("Whoever accepts a model gives a name."))
    return keep_measured_set(acceptance.measurement, identity, by.strip(), ACCEPTED)


@takes(Role.OWNER)
def keep_measured_set(
    measurement: SiteMeasurement, identity: ModelIdentity, by: str, occasion: str = SET
) -> MeasuredSet:
    """Keep the numbers of the images that a model was measured on, in place of earlier ones.

    Args:
        measurement: of the model, or of the one that got another threshold, temperature or zones in it.
        identity: of the model.
        by: who decided it.
        occasion: `ACCEPTED` or `SET`.

    Raises:
        UserError: the disk is full.
    """
    counted, _ = counted_images(measurement.readings.table)
    watched = [name for name in map(str, counted.columns) if name.startswith(PREFIX)]
    table = pd.DataFrame(
        {
            "label": counted["label"],
            "probability": counted["raw"].where(counted["withheld"] == ""),
            **{name.removeprefix(PREFIX): counted[name] for name in watched},
        }
    )
    measured = MeasuredSet(
        measurement.readings.name, occasion, by, datetime.now().astimezone().isoformat(), table
    )
    known = table.astype(object).where(table.notna(), None)  # JSON has no NaN
    atomic.write_json(_path(identity), vars(measured) | {"table": known.to_dict("list")})
    return measured


def measured_set(identity: ModelIdentity) -> MeasuredSet | None:
    """What was kept last of a model, if it has images of both classes; else None.

    Raises:
        UserError: the file is damaged.
    """
    path = _path(identity)
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        table = pd.DataFrame(content.pop("table"))
        numbers = [name for name in table.columns if name != "label"]
        measured = MeasuredSet(**content, table=table.astype(dict.fromkeys(numbers, float)))
        return measured if set(CLASS_NAMES) <= set(table["label"]) else None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(Sentence("{path} is damaged. Restore it, or move it away.", path=path)) from error


def _path(identity: ModelIdentity) -> Path:
    return config.home() / "measured-sets" / f"{identity.digest}.json"
