"""The active model: the one that answers on the page, in the API, in the DICOM node and in batches."""

from dataclasses import dataclass, replace

from core.errors import UserError
from core.inference import AvailableModel, bundled_models, published_models
from core.registry.bundled_change import bundled_change, save_acknowledged
from core.registry.disagreement import disagreement
from core.registry.migration import adopt_earlier_home
from core.registry.models import RegisteredModel, bundled_model, registered_version
from core.registry.storage import BUNDLED, changing, current_state, read_active, write_active
from core.roles import Role, takes
from core.sentence import Sentence, joined
from core.weights import file_digest, intact_members


@dataclass(frozen=True)
class ActiveModel:
    """What answers, and what must be said of it.

    Attributes:
        model: its weights file and record; its notices stand in every answer.
        notice: what readers are told until the owner takes it back; "" if nothing.
    """

    model: AvailableModel
    notice: str = ""


def active_model() -> ActiveModel | None:
    """The active model; None if no model can answer, see `missing_model`.

    The bundled model answers until another is promoted, and in place of one whose file is gone or has
    changed, or whose golden images no longer agree; then every answer says so.
    """
    try:
        state = read_active() or adopt_earlier_home()
    except UserError as error:
        return _bundled(f"The bundled model answers. {error}")
    if state.version == BUNDLED:
        return _bundled(notice=state.notice)
    try:
        item = intact(state.version)
    except UserError as error:
        return _bundled(f"The bundled model answers, because the active model cannot be used. {error}")
    return ActiveModel(item.model, state.notice)


def answering_models() -> list[AvailableModel]:
    """The active model's other stages, and the active model at the end; empty if there is no model."""
    active = active_model()
    if active is None:
        return []
    folder = active.model.path.parent
    stages = [item for item in published_models(folder) if item.path != active.model.path]
    return [*stages, active.model]


def answering_registered_model() -> RegisteredModel | None:
    """The active model, or the bundled one that stands in for it, as the registry knows it."""
    active = active_model()
    if active is None:
        return None
    return bundled_model() if active.model.bundled else registered_version(active.model.path.parent.name)


def missing_model() -> str:
    """Why no model can answer, in a sentence, and what to do."""
    models = bundled_models()
    reason = disagreement(BUNDLED, file_digest(models[-1].path)) if models else ""
    if not reason:
        return Sentence("No model answers yet. Train one and promote it.")
    return Sentence(
        "No model answers: the bundled one does not give the recorded probabilities of its golden images on "
        "this computer. {reason} Promote another model, or restore the bundled one and repeat the self-test.",
        reason=reason,
    )


def intact(version: str) -> RegisteredModel:
    """A registered version that may answer: unchanged, and its golden images agreed when last tested.

    Raises:
        UserError: a file is missing, damaged, or was changed since, or the golden images no longer agree.
    """
    item = unchanged(version)
    if item.model.notices:
        raise UserError(joined(item.model.notices, " "))
    return item


def unchanged(version: str) -> RegisteredModel:
    """A registered version whose weights are those that were registered.

    Raises:
        UserError: a file is missing, damaged, or was changed since.
    """
    item = registered_version(version)
    if file_digest(item.model.path) != item.sha256:
        raise UserError(
            Sentence(
                "{path} has changed since {title} was registered. Promote the model again, or go back, "
                "on the Comparison page under Promotion.",
                path=item.model.path,
                title=item.title,
            ),
            command="python -m core models rollback",
        )
    intact_members(item.model.path, item.model.record)
    return item


@takes(Role.OWNER)
def acknowledge() -> None:
    """Take back the notice that the owner has read; raises UserError if that cannot be saved."""
    active = active_model()
    if active and active.model.bundled:
        save_acknowledged(active.model)
    with changing():
        state = current_state()
        if state.notice:
            write_active(replace(state, notice=""))


def _bundled(problem: str = "", notice: str = "") -> ActiveModel | None:
    models = bundled_models()
    if not models or disagreement(BUNDLED, file_digest(models[-1].path)):
        return None
    told = joined([text for text in (notice, bundled_change(models[-1])) if text], " ")
    return ActiveModel(replace(models[-1], notices=(problem,) if problem else ()), told)
