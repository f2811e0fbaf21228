"""The models that the registry knows: registered versions, and candidates that are not registered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from core import config
from core.config import stage_of_file
from core.errors import UserError
from core.inference import (
    IDENTITY_FILE,
    PREDICTIONS,
    AvailableModel,
    bundled_models,
    published_models,
    renewed_references,
)
from core.registry.disagreement import disagreement
from core.registry.history import Event, last_events
from core.registry.storage import BUNDLED, PROMOTE, current_state, registry_folder, version_folder
from core.runs import Run, list_runs
from core.sentence import Sentence
from core.weights import WeightsError, file_digest, model_title, read_record

if TYPE_CHECKING:
    import pandas as pd

ACTIVE, CANDIDATE, SHADOW, RETIRED = "active", "candidate", "shadow", "retired"
STATE_AFTER = {"shadow": SHADOW, "retire": RETIRED}  # the last decision on a model; candidate after others


@dataclass(frozen=True)
class RegisteredModel:
    """A model under its name.

    Attributes:
        name: run and stage, such as `recommended/3`.
        version: 1, 2, ...; 0 for a model that is not registered.
        state: `active`, `candidate`, `shadow` or `retired`.
        model: its weights file and record.
        sha256: digest of the weights when it was registered; "" for a model that is not.
        run: that trained it; None for a registered version, and if it is not on this computer.
    """

    name: str
    version: int
    state: str
    model: AvailableModel
    sha256: str = ""
    run: Run | None = None

    @property
    def title(self) -> str:
        """Name and version, as the terminal takes them: `recommended/3@2`."""
        return model_title(self.name, self.version)

    def predictions(self, split: str) -> pd.DataFrame | None:
        """Its predictions for the images of a split, as its run saved them; None without any."""
        if self.version:
            import pandas as pd  # imported lazily: answers need no tables

            path = self.model.path.with_name(PREDICTIONS.format(split))
            return pd.read_csv(path, keep_default_na=False) if path.exists() else None
        return self.run.results.predictions(self.model.stage.number, split) if self.run else None

    @property
    def training_images(self) -> int:
        """How many images it was trained on; 0 if unknown."""
        facts = self.run.facts() if self.run else {}
        return self.model.record.training_images or facts.get("training", 0)

    @property
    def folder(self) -> str:
        """Its folder below `models/`, or `bundled`."""
        return self.model.path.parent.name if self.version else BUNDLED

    @property
    def reference_renewed(self) -> bool:
        """Whether its run has another reference by now, which only the next version of it would use."""
        return bool(renewed_references(self.model.record, self.model.path))

    @property
    def digest(self) -> str:
        """SHA-256 of its weights: when it was registered, else now; raises OSError if its file is gone."""
        return self.sha256 or file_digest(self.model.path)

    def event(self, action: str, who: str, reason: str) -> Event:
        """That somebody did something with it now; raises OSError as `digest`."""
        return Event(action, self.name, self.version, self.digest, who, reason, time=time.time())


def list_models() -> list[RegisteredModel]:
    """Registered versions, the newest first, then the bundled model, then the stages of finished runs."""
    registered = sorted(_registered(), key=lambda item: (item.name, item.version), reverse=True)
    known = [item.model.record for item in registered]
    candidates = [item for item in _candidates() if item.model.record not in known]
    states = _states()
    others = [replace(item, state=states(item)) if item.model.bundled else item for item in candidates]
    return [*registered, *others]


def find_model(title: str) -> RegisteredModel:
    """The model of a name, or of a name and version.

    Args:
        title: such as `recommended/3@1`, or `recommended/3`: the model of that name that is not registered,
            such as one trained anew; where there is none, the newest version.

    Raises:
        UserError: there is none; the message lists those there are.
    """
    models = list_models()
    for title_of in (attrgetter("title"), attrgetter("name")):
        for item in models:
            if title_of(item) == title:
                return item
    names = ", ".join(item.title for item in models) or "none"
    raise UserError(Sentence("There is no model {title!r}. Models here: {names}.", title=title, names=names))


def find_version(title: str) -> RegisteredModel:
    """As `find_model`, but a name alone means its newest registered version, if it has one."""
    newest = next((item for item in list_models() if item.version and item.name == title), None)
    return newest or find_model(title)


def find_usable_model(title: str) -> RegisteredModel:
    """As `find_model`, for uses that no retired model has; raises UserError for one, too."""
    item = find_model(title)
    if item.state == RETIRED:
        raise UserError(Sentence("{title} is retired. Name another version or model.", title=item.title))
    return item


def registered_version(version: str) -> RegisteredModel:
    """The version in a folder of the registry; its notices say if its golden images no longer agree.

    Raises:
        UserError: its files are missing or damaged.
    """
    folder = version_folder(version)
    try:
        content = json.loads((folder / IDENTITY_FILE).read_text(encoding="utf-8"))
        path = folder / content["file"]
        if (stage := stage_of_file(path.name)) is None:
            raise ValueError(f"{path.name} is the name of no stage's weights file")
        model = AvailableModel(stage, path, read_record(path))
        if reason := disagreement(version, content["sha256"]):
            title = model_title(content["name"], content["version"])
            model = replace(model, notices=(_disagrees(title, reason),))
        return RegisteredModel(content["name"], content["version"], CANDIDATE, model, content["sha256"])
    except WeightsError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            Sentence(
                "The registered model in {folder} cannot be read: {error}.", folder=folder, error=str(error)
            )
        ) from error


def _disagrees(title: str, reason: str) -> str:
    """What must be said of a version whose golden images no longer agree."""
    return Sentence(
        "{title} no longer gives the recorded probabilities of its golden images on this computer. {reason} "
        "Promote another model, or restore it and run the self-test.",
        title=title,
        reason=reason,
    )


def bundled_model() -> RegisteredModel:
    """The bundled model; raises UserError if there is none."""
    for item in _candidates():
        if item.model.bundled:
            return item
    raise UserError(Sentence("There is no bundled model here. Promote another one."), command=PROMOTE)


def active_registered_model() -> RegisteredModel | None:
    """The model that is active now, with its run; None if there is no model."""
    return next((item for item in list_models() if item.state == ACTIVE), None)


def _registered() -> Iterator[RegisteredModel]:
    """Readable registered versions with their states."""
    states = _states()
    for path in sorted((registry_folder() / "models").glob(f"*/{IDENTITY_FILE}")):
        try:
            item = registered_version(path.parent.name)
        except UserError:
            continue  # `active_model` says so if it is the active one
        yield replace(item, state=states(item))


def _states() -> Callable[[RegisteredModel], str]:
    """A function that tells the state of a registered version or of the bundled model."""
    active, last = current_state().version, {}
    with suppress(UserError):  # a damaged log hides no model; whoever asks for the events is told
        last = {title: event.action for title, event in last_events().items()}

    def state(item: RegisteredModel) -> str:
        return ACTIVE if item.folder == active else STATE_AFTER.get(last.get(item.title, ""), CANDIDATE)

    return state


def is_retired(item: RegisteredModel) -> bool:
    """Whether the last decision on a registered version was to retire it."""
    return _states()(item) == RETIRED


def _candidates() -> Iterator[RegisteredModel]:
    """Models that are not registered: bundled, stages of finished runs, files of earlier versions."""
    for model in bundled_models():
        run = Run(config.bundled_folder() / model.record.run)
        yield RegisteredModel(model.identity.name, 0, CANDIDATE, model, "", run)
    runs = [run for run in list_runs() if run.status().state == "finished"]
    seen = []
    for run in runs:
        stages = [run.stage(number) for number in sorted(run.settings().stages)]
        for stage in (stage for stage in stages if stage.for_diagnosis):
            path = run.weights_path(stage.number)
            try:
                record = read_record(path)
            except WeightsError:
                continue
            seen.append(record.network)
            model = AvailableModel(stage, path, record)
            yield RegisteredModel(f"{run.name}/{stage.number}", 0, CANDIDATE, model, "", run)
    for model in published_models():
        if model.record.network not in seen:
            yield RegisteredModel(f"published/{model.key}", 0, CANDIDATE, model)
