"""Shadow models: any number of models that read what the active one reads, and never answer."""

from dataclasses import dataclass, replace
from time import time

from core.errors import UserError
from core.inference import ModelIdentity, short_digest
from core.registry.active import intact
from core.registry.history import Event, add_event, last_events
from core.registry.models import ACTIVE, SHADOW, RegisteredModel, bundled_model, find_usable_model
from core.registry.snapshot import register
from core.registry.storage import changing, folder_name
from core.roles import Role, takes
from core.sentence import Sentence
from core.weights import file_digest, model_title


@dataclass(frozen=True)
class Shadow:
    """A shadow model as the log names it; its files may be gone by now.

    Attributes:
        name, version: of the model; version 0 is the bundled one.
        sha256: of its weights file when it became a shadow.
    """

    name: str
    version: int
    sha256: str

    @classmethod
    def of(cls, item: RegisteredModel) -> "Shadow":
        """A model as the shadow that it is or was; raises OSError if the bundled model's file is gone."""
        return cls(item.name, item.version, item.digest)

    @property
    def title(self) -> str:
        """Name and version, as the terminal takes them."""
        return model_title(self.name, self.version)

    @property
    def identity(self) -> ModelIdentity:
        """Name, version and digest, as answers name models."""
        return ModelIdentity(self.name, self.version, short_digest(self.sha256))

    def model(self) -> RegisteredModel:
        """The model itself.

        Raises:
            UserError: its files are gone or have changed, or its golden images no longer agree.
        """
        if self.version:
            return intact(folder_name(self.name, self.version))
        item = bundled_model()
        if file_digest(item.model.path) != self.sha256:
            raise UserError(
                Sentence(
                    "The bundled model is not the one that became a shadow, {identity}.",
                    identity=self.identity,
                )
            )
        return item


def shadows() -> list[Shadow]:
    """The shadow models, in the order in which they became shadows.

    Raises:
        UserError: the log is damaged.
    """
    chosen = [event for event in last_events().values() if event.action == "shadow"]
    chosen.sort(key=lambda event: event.time)
    return [Shadow(event.model, event.version, event.sha256) for event in chosen]


def shadows_named(title: str) -> list[Shadow]:
    """The shadow of a name and version, or all shadows of a name; raises UserError if the log is damaged."""
    known = shadows()
    exact = [shadow for shadow in known if shadow.title == title]
    return exact or [shadow for shadow in known if shadow.name == title]


@takes(Role.OWNER)
def make_shadow(title: str, who: str, reason: str = "") -> RegisteredModel:
    """Let a model read beside the active one, as a registered version.

    Raises:
        UserError: there is no such model, it is active, retired or a shadow already, its files have changed,
            another change is under way, or the disk is full. Nothing has changed then.
    """
    with changing():
        item = find_usable_model(title)
        if item.state == ACTIVE:
            raise UserError(
                Sentence(
                    "{title} is the active model. A shadow reads beside it: name another one.",
                    title=item.title,
                )
            )
        if item.state == SHADOW:
            raise UserError(Sentence("{title} is a shadow already.", title=item.title))
        if item.version:
            item = intact(item.folder)
        elif not item.model.bundled:
            item = register(item)
        add_event(item.event("shadow", who, reason))
        return replace(item, state=SHADOW)


@takes(Role.OWNER)
def stop_shadow(title: str, who: str, reason: str = "") -> Shadow:
    """Make a shadow a candidate again, also one whose files are gone; its answers stay.

    Args:
        title: name and version; the name is enough if only one of its versions is a shadow.

    Raises:
        UserError: no shadow has this title, several have this name, or another change is under way.
    """
    with changing():
        named = shadows_named(title)
        if not named:
            raise UserError(
                Sentence(
                    "There is no shadow {title!r}. Shadows here: {titles}.",
                    title=title,
                    titles=_titles(shadows()) or "none",
                )
            )
        if len(named) > 1:
            raise UserError(
                Sentence(
                    "{title} has {count} shadows: {titles}. Name one with its version.",
                    title=title,
                    count=len(named),
                    titles=_titles(named),
                )
            )
        (shadow,) = named
        add_event(Event("stop shadow", shadow.name, shadow.version, shadow.sha256, who, reason, time=time()))
        return shadow


def _titles(models: list[Shadow]) -> str:
    return ", ".join(shadow.title for shadow in models)
