"""A probability of pneumonia in words."""

from core.sentence import Sentence

# Panicek and Hricak, "How sure are you, doctor?", American Journal of Roentgenology 2016, give terms for
# about 10, 25, 50, 75 and 90%; the bounds lie between.
CERTAINTY = (
    (0.10, Sentence("unlikely")),
    (0.375, Sentence("less likely")),
    (0.625, Sentence("possible")),
    (0.90, Sentence("probable")),
    (1.01, Sentence("very likely")),
)


def certainty(probability: float) -> str:
    """A calibrated probability of pneumonia in a radiologist's words.

    >>> certainty(0.05), certainty(0.5), certainty(0.95)
    ('unlikely', 'possible', 'very likely')
    """
    return next(term for bound, term in CERTAINTY if probability < bound)
