"""A patient's age at the time of an image, and what it means for a model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.sentence import Sentence, template

AGE_IN_WORDS = re.compile(r"0*(\d{1,3})(?:[.,](\d*))?\s*([^\W\d]*)\.?")
DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
YEAR = DAYS["Y"]
UNITS = (("Y", 3), ("M", 3 / 12), ("D", 0.0))  # unit and age in years from which
COUNTS = {  # of one, and of several
    "Y": (template("{count} year"), template("{count} years")),
    "M": (template("{count} month"), template("{count} months")),
    "D": (template("{count} day"), template("{count} days")),
}
UNIT_WORDS = {  # in English or German
    "D": ("d", "day", "days", "tag", "tage"),
    "W": ("w", "week", "weeks", "woche", "wochen"),
    "M": ("m", "month", "months", "monat", "monate"),
    "Y": ("", "y", "year", "years", "yr", "yrs", "jahr", "jahre"),
}
MAX_YEARS = 120
TRAINING_AGES = (1, 5)  # years, both included
AGE_SOURCE = "Kermany et al., Cell 2018"
PUBLISHED_DATA = {"chestxray", "chestxraypneumonia", "pneumoniamnist", "pneumoniamnist128"}


@dataclass(frozen=True)
class PatientAge:
    """A patient's age.

    Attributes:
        years: at the time of the image.
        source: the attributes that it is known from.
        birthdays: that have passed, where birth date and date of the image are known.
    """

    years: float
    source: str
    birthdays: int | None = None

    @property
    def whole_years(self) -> int:
        """The age as people count it."""
        return int(self.years + 1e-6) if self.birthdays is None else self.birthdays

    def words(self) -> Sentence:
        """The age as people say it, such as `67 years` or `18 months`."""
        unit = next(unit for unit, least in UNITS if self.years >= least)
        count = int(self.years * YEAR / DAYS[unit] + 1e-6)
        return Sentence(COUNTS[unit][count != 1], count=count)


def age_in_years(written: str) -> float | None:
    """An age such as 036Y, 18M, 3.5, 3,5 or 5 years, in years; None if it is none.

    >>> age_in_years("18M"), age_in_years("3,5"), age_in_years("6 Monate"), age_in_years("unknown")
    (1.5, 3.5, 0.5, None)
    """
    match = AGE_IN_WORDS.fullmatch(written.strip())
    unit = next((unit for unit, words in UNIT_WORDS.items() if match and match[3].lower() in words), None)
    if match is None or unit is None:
        return None
    years = float(f"{match[1]}.{match[2] or 0}") * DAYS[unit] / YEAR
    return years if years <= MAX_YEARS else None


def is_published_set(data: str) -> bool:
    """Whether the name of a data set is one of those that the published set of children's X-rays goes by.

    >>> is_published_set("Chest_X-ray"), is_published_set("our-ward"), is_published_set("")
    (True, False, False)
    """
    return re.sub(r"[^a-z0-9]", "", data.lower()) in PUBLISHED_DATA


def age_warning(age: PatientAge | None, data: str) -> Sentence | None:
    """A warning if an age is outside that of the training images, or if it is not known whether it is.

    Args:
        data: name of the model's training data; "" if unknown: the published data are what the method uses.
    """
    if age is None or not _is_outside(age.years):
        return None
    return Sentence(
        "The patient is {age} old ({source}); {training}. The result may not be reliable; interpret it with "
        "caution.",
        age=age.words(),
        source=age.source,
        training=_training_ages(data),
    )


def ages_warning(ages: Sequence[float], data: str) -> str:
    """A warning, in a sentence, if ages of images are outside that of the training images; "" if none is.

    Args:
        ages: in years; NaN where unknown.
        data: as for `age_warning`.
    """
    known = [age for age in ages if age == age]
    outside = sum(map(_is_outside, known))
    if not outside:
        return ""
    youngest, oldest = TRAINING_AGES
    another = "another age" if _is_published(data) else f"another age than {youngest} to {oldest} years"
    return (
        f"By the table's ages, {outside:,} of {len(known):,} images are of patients of {another}; "
        f"{_training_ages(data)}. Results on them may not be reliable."
    )


def _is_outside(years: float) -> bool:
    youngest, oldest = TRAINING_AGES
    return not youngest <= years < oldest + 1


def _training_ages(data: str) -> Sentence:
    """On which ages a model was trained, as far as its training data tell."""
    youngest, oldest = TRAINING_AGES
    if _is_published(data):
        return Sentence(
            "the training images are of children aged {youngest} to {oldest} years ({source})",
            youngest=youngest,
            oldest=oldest,
            source=AGE_SOURCE,
        )
    return Sentence(
        "whether the model was trained on this age is not known (training data: {data})", data=data
    )


def _is_published(data: str) -> bool:
    return not data or is_published_set(data)
