"""Why a model may not be able to judge an image: the common form of all checks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """Why the model may not be able to judge an image.

    Attributes:
        reason: `blank`, `colour`, `no lungs`, `one lung`, `implausible lungs`, `out of distribution`,
            `blurred`, `unlike tested images`, an orientation other than `upright`, or that of a finding in
            the DICOM header: `lateral view`, `other body part`, `unknown` or `age`.
        sentence: what is wrong and what to do.
        withheld: whether the result must not be shown.
        voids_score: whether the result may be shown, but not as a percentage: it would mean nothing.
    """

    reason: str
    sentence: str
    withheld: bool
    voids_score: bool = False
