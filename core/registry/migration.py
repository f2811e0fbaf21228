"""A home from before the registry: the last published model stays active if it was trained on real data."""

import getpass

from core.errors import UserError
from core.inference import AvailableModel, published_models
from core.registry.history import add_event
from core.registry.models import CANDIDATE, RegisteredModel
from core.registry.storage import ActiveState, changing, read_active, write_active


def adopt_earlier_home() -> ActiveState:
    """The state of a home in which nobody has promoted a model yet; decided once and saved.

    Versions before the registry published every finished stage for diagnosis, and their records do not say
    how many images a model was trained on. What this version trains answers only after a promotion.
    """
    earlier = [model for model in published_models() if not model.record.training_images]
    if not earlier:
        return ActiveState()
    try:
        with changing():
            return read_active() or _adopt(earlier[-1])
    except UserError:  # not writable, or being decided right now
        return ActiveState()


def _adopt(model: AvailableModel) -> ActiveState:
    item = RegisteredModel(f"published/{model.key}", 0, CANDIDATE, model)
    if model.record.synthetic:
        state = ActiveState(
            notice=f"An earlier version answered with {item.title}, which was trained on SYNTHETIC images. "
            "The bundled model answers now. To use another one, promote it on the Comparison page."
        )
        write_active(state)
        return state
    from core.registry.snapshot import register  # imported lazily: once in the life of a home

    registered = register(item)
    event = registered.event("migrate", getpass.getuser(), "It answered before models were promoted.")
    state = ActiveState(
        registered.folder,
        event=vars(event),
        notice=f"{registered.title} goes on answering, as before. From now on a trained model answers only "
        "after it was promoted on the Comparison page.",
    )
    write_active(state)
    add_event(event)
    return state
