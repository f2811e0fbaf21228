"""Labels as a hospital's table or folders write them, as one of the two classes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from core.config import CLASS_NAMES, POSITIVE
from core.errors import UserError
from core.sentence import Sentence

NEGATIVE_NAME, POSITIVE_NAME = CLASS_NAMES[1 - POSITIVE], CLASS_NAMES[POSITIVE]
WORDS = {  # in lower case
    NEGATIVE_NAME: {"normal", "no pneumonia", "negative", "neg", "no", "false", "0", "0.0"},
    POSITIVE_NAME: {"pneumonia", "positive", "pos", "yes", "true", "1", "1.0"},
}
DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}.*|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}.*|(19|20)\d{6}")
MAX_EXAMPLES = 3  # of values that are no labels, in a sentence


@dataclass(frozen=True)
class LabelWords:
    """The values that mean each class, besides those that everybody uses.

    Attributes:
        positive: for PNEUMONIA.
        negative: for NORMAL.

    Raises:
        UserError: a value is said to mean both.
    """

    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        both = _plain(self.positive) & _plain(self.negative)
        if both:
            raise UserError(
                Sentence(
                    "The label {label!r} is said to mean both classes. Name it for one of them.",
                    label=min(both),
                )
            )

    def read(self, values: Sequence[str], column: str) -> np.ndarray:
        """The class of each value, str (n,); "" for a value that is neither, and for none.

        Args:
            values: of a column of labels.
            column: its name, for messages.

        Raises:
            UserError: no value is a label.
        """
        meanings = {word: name for name, words in WORDS.items() for word in words}
        meanings |= dict.fromkeys(_plain(self.positive), POSITIVE_NAME)
        meanings |= dict.fromkeys(_plain(self.negative), NEGATIVE_NAME)
        labels = np.array([meanings.get(value.strip().lower(), "") for value in values], dtype=object)
        if not labels.astype(bool).any():
            raise _no_labels([value for value in values if value.strip()], column)
        return labels


def folder_label(path: PurePath) -> str:
    """The class that one of a path's folders is named after; "" if none is, or both are."""
    classes = {folder.strip().upper() for folder in path.parent.parts} & set(CLASS_NAMES)
    return classes.pop() if len(classes) == 1 else ""


def _plain(words: Sequence[str]) -> set[str]:
    return {word.strip().lower() for word in words}


def _no_labels(values: list[str], column: str) -> UserError:
    """Why a column holds no labels, and what to do."""
    if not values:
        return UserError(
            Sentence("The column {column!r} is empty. Name the column with the labels.", column=column)
        )
    examples = ", ".join(repr(value[:40]) for value in list(dict.fromkeys(values))[:MAX_EXAMPLES])
    if all(DATE.fullmatch(value.strip()) for value in values):
        return UserError(
            Sentence(
                "The column {column!r} holds dates ({examples}), no labels. Name another column.",
                column=column,
                examples=examples,
            )
        )
    return UserError(
        Sentence(
            "The column {column!r} holds no labels that are known ({examples}). Name another column, "
            "or say which values mean {positive} and which {negative}.",
            column=column,
            examples=examples,
            positive=POSITIVE_NAME,
            negative=NEGATIVE_NAME,
        )
    )
