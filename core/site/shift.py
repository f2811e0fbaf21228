"""What differs between local images and those that a model was trained on: grey levels and framing."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.evaluation import MIN_PATIENTS, Interval, holm, patient_groups
from core.images import network_pixels
from core.inference import Reader, Reading
from core.sentence import Sentence
from core.site.groups import SIGNIFICANCE_LEVEL, first_of_each_patient, p_text
from core.site.image_properties import LUNG_PROPERTIES

PREFIX = "deviation: "  # of the columns of our tables
SMALL = 0.2  # standard deviations: Cohen's small effect; less is not told in words
TOLD = 5  # of the shifts, in sentences
UNKNOWN_TRAINING = Sentence(
    "What the model's training images look like is not known, so no shift can be told."
)
TOO_FEW_PATIENTS = Sentence(
    "Fewer than {least} patients have an image with two lungs: no shift can be told.",
    least=MIN_PATIENTS,
)
NO_SHIFT = Sentence("No shift against the training images is shown in grey levels, framing or lungs.")
SCALE = Sentence(
    "Standard deviations are those of the training images; each image is compared with the "
    "training images of its class, and one per patient counts."
)


@dataclass(frozen=True)
class Shift:
    """By how much one number of local images differs from the training images.

    Attributes:
        name: of the number.
        effect: mean difference in standard deviations of the training images.
        interval: its 95% interval.
        patients: with one image each.
        p: of Welch's t test, after Holm for all numbers.
        nearest, farthest: digests of the image most like the training images, and of the one farthest off in
            the direction of the shift.
    """

    name: str
    effect: float
    interval: Interval
    patients: int
    p: float
    nearest: str
    farthest: str

    @property
    def shown(self) -> bool:
        """Whether the difference is shown, and not small."""
        return self.p < SIGNIFICANCE_LEVEL and abs(self.effect) >= SMALL

    def sentence(self) -> str:
        """The shift in words."""
        low, high = self.interval
        return Sentence(
            "Shift: {name} {effect:+.1f} standard deviations against the training images ({low:+.1f} "
            "to {high:+.1f}, {p}).",
            name=self.name,
            effect=self.effect,
            low=low,
            high=high,
            p=p_text(self.p),
        )


@dataclass(frozen=True)
class ShiftSearch:
    """Every difference from the training images.

    Attributes:
        training_images: number of images that they are compared with; 0 if unknown.
        shifts: the largest first; none where too little is known.
    """

    training_images: int
    shifts: tuple[Shift, ...] = ()

    @property
    def shown(self) -> list[Shift]:
        """Those that are shown, and not small."""
        return [shift for shift in self.shifts if shift.shown]

    def sentences(self) -> list[str]:
        """The largest shifts in words, or why none is told."""
        if not self.shifts:
            return [TOO_FEW_PATIENTS if self.training_images else UNKNOWN_TRAINING]
        if not self.shown:
            return [NO_SHIFT]
        more = len(self.shown) - TOLD
        rest = (
            [Sentence("{more:,} more numbers differ by at least {small:g}.", more=more, small=SMALL)]
            if more > 0
            else []
        )
        return [*(shift.sentence() for shift in self.shown[:TOLD]), *rest, SCALE]

    def values(self) -> list[dict]:
        """The shifts as plain values, without the examples' digests."""
        names = ("name", "effect", "interval", "patients", "p")
        return [{name: getattr(shift, name) for name in names} for shift in self.shifts]


def deviations(reading: Reading, label: str, reader: Reader) -> dict[str, float]:
    """How far an image is from the training images of its class, by column of our tables; {} if unknown."""
    lungs, reference = reading.output.lungs, reader.reference
    if lungs is None or reference is None:
        return {}
    values = reference.deviations(network_pixels(reading.image), lungs, CLASS_NAMES.index(label))
    return {f"{PREFIX}{LUNG_PROPERTIES.get(name, name)}": value for name, value in values.items()}


def find_shifts(table: pd.DataFrame, training_images: int) -> ShiftSearch:
    """Compare local images with the training images, number by number.

    Welch's t test of one image per patient against mean and standard deviation of the training images, which
    is all that a model's reference keeps of them.

    Args:
        table: with columns sha256, patient and those of `deviations`; each content once.
        training_images: number of images that the reference was fitted on.
    """
    columns = [name for name in table.columns if name.startswith(PREFIX)]
    known = table.dropna(subset=columns) if columns else table.iloc[:0]
    patients = patient_groups(known).to_numpy(str)
    rows = known[first_of_each_patient(patients)]
    if len(rows) < MIN_PATIENTS or training_images < 2:
        return ShiftSearch(training_images)
    shifts = [_shift(name, rows, training_images) for name in columns]
    adjusted = holm([shift.p for shift in shifts])
    corrected = [replace(shift, p=p) for shift, p in zip(shifts, adjusted, strict=True)]
    return ShiftSearch(training_images, tuple(sorted(corrected, key=lambda shift: -abs(shift.effect))))


def _shift(column: str, rows: pd.DataFrame, training_images: int) -> Shift:
    """One difference, with a p value that is not corrected yet."""
    from scipy.stats import t as student

    values = rows[column].to_numpy(float)
    n, effect = len(values), float(values.mean())
    local, training = values.var(ddof=1) / n, 1 / training_images  # of the means; the unit is one deviation
    error = np.sqrt(local + training)
    freedom = (local + training) ** 2 / (local**2 / (n - 1) + training**2 / (training_images - 1))
    margin = float(student.ppf(0.975, freedom) * error)
    digests = rows["sha256"].to_list()
    return Shift(
        column.removeprefix(PREFIX),
        effect,
        (effect - margin, effect + margin),
        n,
        float(2 * student.sf(abs(effect) / error, freedom)),
        digests[int(np.abs(values).argmin())],
        digests[int((values * np.sign(effect)).argmax())],
    )
