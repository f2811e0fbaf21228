"""The registered models that can be measured beside the active one."""

from collections.abc import Sequence
from contextlib import suppress

from core.errors import UserError, sentence_of
from core.inference import ModelIdentity, Reader
from core.registry import RegisteredModel, list_models, unchanged
from core.sentence import Sentence, joined

MAX_OTHER_MODELS = (
    4  # all are in memory at once, 0.3 to 0.4 GB each; with the active one, ten pairs are tested
)


def other_models(measured: ModelIdentity) -> dict[str, RegisteredModel]:
    """All models of the registry but the one that is measured anyway, by title: whatever their state."""
    others = {}
    for item in list_models():
        with suppress(OSError):  # its file has gone meanwhile
            if item.model.identity != measured:
                others[item.title] = item
    return others


def readers_of(items: Sequence[RegisteredModel], precision: str = "auto") -> tuple[list[Reader], list[str]]:
    """Readers of models, and a sentence on each that cannot be used: one damaged file stops no other model.

    Args:
        items: of the registry, at most `MAX_OTHER_MODELS`.
        precision: to compute in.

    Raises:
        UserError: there are more.
    """
    if len(items) > MAX_OTHER_MODELS:
        raise UserError(
            Sentence(
                "{count} models are too many to be measured beside one: all are in memory at once. Name up "
                "to {most}.",
                count=len(items),
                most=MAX_OTHER_MODELS,
            )
        )
    readers, problems = [], []
    for item in items:
        try:
            model = unchanged(item.folder).model if item.version else item.model
            reader = Reader.of(model, precision)
            reader.predictor  # noqa: B018 - what is wrong with a file shows when it is loaded
        except (UserError, OSError) as error:  # of a file that is damaged, or gone
            problems.append(
                joined(
                    [
                        Sentence("{title} was not measured.", title=item.title),
                        sentence_of(error),
                    ],
                    " ",
                )
            )
        else:
            readers.append(reader)
    return readers, problems
