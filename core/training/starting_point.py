"""The weights that a stage starts from: ImageNet's, a file's, or those of an earlier stage."""

import keras

from core.config import STAGES, TrainingSettings
from core.dataset import assign_roles
from core.errors import UserError
from core.network import load_starting_weights, restore
from core.runs import Run
from core.sentence import Sentence, joined
from core.training.data import ImageSet
from core.weights import read_record


def load_starting_point(
    network: keras.Model, run: Run, settings: TrainingSettings, number: int, validation: ImageSet
) -> str:
    """Load the weights that stage `number` starts from into the network.

    Returns:
        What stage 1 started from, such as `imagenet` or a file's name.

    Raises:
        UserError: the weights are missing or do not fit.
    """
    earlier = settings.stage(number).starts_from
    if earlier is None:
        run.write_state(message=Sentence("Loading the starting weights"))
        return _load_starting_weights(network, run, settings)
    if earlier in settings.stages:
        return restore(network, run.weights_path(earlier)).starting_weights
    path = settings.stage(earlier).path_in(run.model_folder())
    if not path.exists():
        raise UserError(
            Sentence(
                "Stage {number} starts from {model}, and there is no {path}. Train stage {earlier} first, or "
                "both in one run.",
                number=number,
                model=STAGES[earlier].name,
                path=path,
                earlier=earlier,
            )
        )
    earlier_record = read_record(path)
    if (width := earlier_record.width) != settings.width:
        raise UserError(
            Sentence(
                "Stage {number} starts from {path}, which has width {width:g}, and this run has width "
                "{own:g}. Set width to {width:g}, or train stage {earlier} in the same run.",
                number=number,
                path=path,
                width=width,
                own=settings.width,
                earlier=earlier,
            )
        )
    if earlier_record.framing != settings.framing:
        run.add_status_note(
            Sentence(
                "Stage {number} starts from {file}, whose images were framed as {framing}; those of this run "
                "are framed as {own}.",
                number=number,
                file=path.name,
                framing=earlier_record.framing,
                own=settings.framing,
            )
        )
    record = restore(network, path)
    if warning := _leakage_warning(Run(run.path.parent / record.run), validation):
        origin = record.run or Sentence("an unknown run")
        start = Sentence(
            "Stage {number} starts from stage {earlier} of {run}.", number=number, earlier=earlier, run=origin
        )
        run.add_status_note(joined([start, warning], " "))
    return record.starting_weights


def _leakage_warning(earlier: Run, validation: ImageSet) -> str:
    """A warning if an earlier run may have trained on these validation images, else ""."""
    if earlier.facts().get("fingerprint") != validation.dataset.fingerprint:
        return Sentence(
            "It was trained on unknown images: if they include validation images, validation results may be "
            "too good."
        )
    settings = earlier.settings()
    roles = assign_roles(validation.dataset.table, settings.validation_fraction, settings.seed_of_split)
    leaked = int((roles[validation.rows] == "training").sum())
    if not leaked:
        return ""
    return Sentence(
        "It held out other patients and may have trained on the patients of {leaked} of these {total} "
        "validation images: validation results may be too good. Use the same split seed and validation "
        "fraction for both runs, or train both stages in one run.",
        leaked=leaked,
        total=len(validation),
    )


def _load_starting_weights(network: keras.Model, run: Run, settings: TrainingSettings) -> str:
    """Load ImageNet's weights or a file's; returns where they come from."""
    backbone = settings.architecture
    origin = load_starting_weights(network, backbone, settings.weights)
    if origin.startswith("random"):
        run.add_status_note(
            Sentence(
                "{backbone} starts from random weights: those of ImageNet could not be downloaded.",
                backbone=backbone.title,
            )
        )
    return origin
