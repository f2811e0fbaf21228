"""How long to measure: the short version for every day, the full one for the table in the README."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Sizes and counts of the measurements.

    Attributes:
        train, test: most films that the measured runs train on and are evaluated on.
        views: augmented views kept in the measured runs.
        epochs: of the measured runs of stages 1 and 2.
        steps: timed steps of the notebook way, and of stage 3 both ways.
        repeats: of everything, both ways in turn.
        answers: timed answers.
        models: weights files whose answers are compared with Keras's.
        sizes: numbers of films of the growth measurement; () leaves it out.
    """

    train: int
    test: int
    views: int
    epochs: int
    steps: int
    repeats: int
    answers: int
    models: int
    sizes: tuple[int, ...]


QUICK = Effort(192, 32, 1, 3, 3, 2, 9, 1, ())
FULL = Effort(2000, 10**9, 4, 3, 6, 3, 21, 3, (500, 1000, 2000, 4000))
