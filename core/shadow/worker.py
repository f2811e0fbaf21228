"""The process of the shadow models: `python -m core.shadow.worker`, started by `ShadowProcess`.

Images come in through standard input; an empty line goes out for each one, or why its answers could not be
kept. What the shadows say goes to the store and nowhere else.
"""

import sys

from core.config import processor
from core.errors import UserError
from core.images import Image
from core.inference import Predictor, load_predictor
from core.registry import Shadow, shadows
from core.shadow.store import ShadowStore
from core.shadow.task import ShadowTask

REDUCED = "The image was reduced to 128 x 128 pixels before this model, which finds lungs, became a shadow."


class LoadedShadows:
    """The shadow models, each loaded once and kept in memory as long as it is a shadow."""

    def __init__(self) -> None:
        self._predictors: dict[Shadow, Predictor] = {}

    def current(self) -> list[Shadow]:
        """The shadows of this moment; all others are dropped. Raises UserError if the log is damaged."""
        models, loaded = shadows(), self._predictors
        self._predictors = {shadow: loaded[shadow] for shadow in models if shadow in loaded}
        return models

    def predictor(self, shadow: Shadow) -> Predictor:
        """The compiled model of a shadow.

        Raises:
            UserError: its files are gone or have changed, even since it was loaded, or its golden images no
                longer agree.
        """
        model = shadow.model().model
        if shadow not in self._predictors:
            threads = processor.answering_threads()
            self._predictors[shadow] = load_predictor(model.path, threads=threads)
        return self._predictors[shadow]


def serve() -> None:
    """Read the images that arrive on standard input until it is closed."""
    store, loaded, target = ShadowStore(), LoadedShadows(), sys.stdout.buffer
    while task := ShadowTask.read(sys.stdin.buffer):
        problem = ""
        try:
            for shadow in loaded.current():
                read(task, shadow, loaded, store)
        except UserError as error:  # the log cannot be read, or the store cannot be written
            problem = " ".join(str(error).split())
        target.write(problem.encode() + b"\n")
        target.flush()


def read(task: ShadowTask, shadow: Shadow, loaded: LoadedShadows, store: ShadowStore) -> None:
    """Keep what a shadow says of an image, or why it says nothing; raises UserError if that is impossible."""
    identity = str(shadow.identity)
    if identity == task.active or store.is_known(task.sha256, task.active, identity):
        return
    try:
        predictor = loaded.predictor(shadow)
        if predictor.framing.by_lungs and not task.full:
            raise UserError(REDUCED)
        (prediction,) = predictor.predict([Image("", task.pixels, task.sha256)])
    except UserError as error:
        store.add_missed(identity, str(error))
    except Exception as error:  # whatever is wrong with one shadow: the others go on
        store.add_missed(identity, f"It failed with {type(error).__name__}: {error}")
    else:
        active = task.active, task.label, task.probability
        store.add(task.sha256, active, (identity, prediction.label, prediction.calibrated))


if __name__ == "__main__":
    serve()
