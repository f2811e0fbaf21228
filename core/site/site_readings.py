"""What one model said of local images, as a table without names."""

import re
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from core.evaluation import Zones

RULE_ENDINGS = r"$| \(Youden's J\)$|, if a false negative costs "  # of `core.evaluation.find_point`


def now() -> str:
    """This moment, ISO 8601 with the offset from UTC."""
    return datetime.now().astimezone().isoformat()


@dataclass(frozen=True, eq=False)
class SiteReadings:
    """What a model said of local images.

    Attributes:
        name: of the folder or table.
        model: name, version and digest.
        threshold: calibrated probability from which the model predicts pneumonia.
        model_warnings: what every result of the model must say.
        groups: names of the groups.
        notes: what was left out before anything was read, and what had been read before.
        synthetic: whether a program drew the images.
        table: a row for each file: sha256 ("" if unreadable), label, patient (a digest; "" if unknown), a
            column for each group (`core.site.groups.group_column`), probability (calibrated; NaN without a
            result), raw (before calibration), error (why it cannot be read, without its name), withheld (why
            the result is), doubts (reasons of the checks, joined by "; "), warned, in_training and
            patient_in_training (bool), and the properties of the image (`core.site.image_properties`), the
            numbers by which later ones are watched (`core.site.measured_set`) and its deviations from the
            training images (`core.site.shift`); NaN where unknown.
        training_images: number of training images that the local ones are compared with; 0 if unknown.
        began: when reading began, ISO 8601 with the offset from UTC.
        threshold_rule: how the model's threshold was found; "" if unknown.
        age_warning: why the table's ages speak against the results, in a sentence; "" if they do not.
        temperature_rule: what its probabilities were calibrated on for a hospital; "" if they were not.
        label_source: who or what labelled the images, in words; "" if unknown.
        by_readers: whether readers did, in the app.
        zones: of the model, of the calibrated probability; None without.
        zones_rule: how they were found; "" without.
    """

    name: str
    model: str
    threshold: float
    model_warnings: tuple[str, ...]
    groups: tuple[str, ...]
    notes: tuple[str, ...]
    synthetic: bool
    table: pd.DataFrame
    training_images: int = 0
    began: str = field(default_factory=now)
    threshold_rule: str = ""
    temperature_rule: str = ""
    age_warning: str = ""
    label_source: str = ""
    by_readers: bool = False
    zones: Zones | None = None
    zones_rule: str = ""

    @property
    def threshold_from_here(self) -> bool:
        """Whether the threshold was found on images of a folder or table of this name (`find_site_point`)."""
        return _names(self.threshold_rule, self.name)

    @property
    def temperature_from_here(self) -> bool:
        """Whether the probabilities were calibrated on such images (`find_site_temperature`)."""
        return _names(self.temperature_rule, self.name)

    @property
    def zones_from_here(self) -> bool:
        """Whether the zones were found on such images (`find_site_zones`)."""
        return _names(self.zones_rule, self.name)


def _names(rule: str, site: str) -> bool:
    """Whether a rule in words says that it was found on images of a site.

    >>> _names("sensitivity of at least 95% on 400 images of ward2", "ward")
    False
    """
    return re.search(rf" images of {re.escape(site)}({RULE_ENDINGS})", rule) is not None
