"""How much to measure: all for the published table, a few minutes for every day, or next to nothing."""

from dataclasses import dataclass

TOGETHER = 32  # images in a batch, in what is reported
PAGES = ("diagnosis", "comparison", "training", "dataset")


@dataclass(frozen=True)
class Effort:
    """Sizes and counts of the measurements.

    Attributes:
        train, test: maximum number of images to train and to evaluate on.
        views: cached augmented views of each image.
        epochs: of the measured runs of stages 1 and 2.
        steps: timed steps of the notebook way; stage 3 of this project takes twice as many.
        repeats: of every training measurement, alternating between both ways.
        answers: timed predictions of one image, the first of which warms up.
        batches: timed predictions of 32, the first of which warms up.
        models: trained weights files whose predictions are compared with Keras's, besides the bundled one.
        sizes: numbers of images of the scaling measurement; () skips it.
        width: of the network that this project trains; 1 for figures that can be compared.
        batch: images of a step of the notebook way, and of predictions together.
        matrix: side of the matrices whose product shows the arithmetic that the machine can do.
        pages: that are opened in a browser.
    """

    train: int
    test: int
    views: int
    epochs: int
    steps: int
    repeats: int
    answers: int
    batches: int
    models: int
    sizes: tuple[int, ...]
    width: float = 1.0
    batch: int = TOGETHER
    matrix: int = 4096
    pages: tuple[str, ...] = PAGES


EFFORTS = {
    "full": Effort(2000, 10**9, 4, 3, 6, 3, 101, 11, 3, (500, 1000, 2000, 4000)),
    "quick": Effort(192, 32, 1, 3, 3, 2, 21, 4, 1, ()),
    # Tells only whether everything runs.
    "smallest": Effort(96, 8, 1, 1, 1, 1, 2, 2, 0, (), 1 / 8, 2, 512, ("dataset",)),
}
