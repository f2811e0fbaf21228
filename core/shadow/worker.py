"""The process of the shadow models: `python -m core.shadow.worker`, started by `ShadowProcess`.

Images come in through standard input; an empty line goes out for each one, or why its answers could not be
kept. What the shadows say goes to the store and nowhere else.
"""

import sys

from core.errors import UserError
from core.images import Image
from core.inference import Reader
from core.registry import Shadow, shadows
from core.shadow.store import ShadowStore
from core.shadow.task import ShadowTask


def serve() -> None:
    """Read the images that arrive on standard input until it is closed."""
    store, target = ShadowStore(), sys.stdout.buffer
    while task := ShadowTask.read(sys.stdin.buffer):
        problem = ""
        try:
            for shadow in shadows():
                read(task, shadow, store)
        except UserError as error:  # the log cannot be read, or the store cannot be written
            problem = " ".join(str(error).split())
        target.write(problem.encode() + b"\n")
        target.flush()


def read(task: ShadowTask, shadow: Shadow, store: ShadowStore) -> None:
    """Keep what a shadow says of an image, or why it says nothing; raises UserError if that is impossible."""
    identity = str(shadow.identity)
    if identity == task.active or store.is_known(task.sha256, task.active, identity):
        return
    try:
        model = shadow.model().model
        (prediction,) = Reader.of(model).predictor.predict([Image("", task.pixels, task.sha256)])
    except UserError as error:
        store.add_missed(identity, str(error))
    except Exception as error:  # whatever is wrong with one shadow: the others go on
        store.add_missed(identity, f"It failed with {type(error).__name__}: {error}")
    else:
        active = task.active, task.label, task.probability
        store.add(task.sha256, active, (identity, prediction.label, prediction.calibrated))


if __name__ == "__main__":
    serve()
