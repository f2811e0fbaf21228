"""Labels as readers reviewed them: in a data set that is trained on, or in a run's predictions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.dataset.dataset import Dataset
from core.dataset.label_reviews import EXCLUDED, counting_reviews, label_reviews
from core.errors import UserError
from core.sentence import Sentence


@dataclass(frozen=True)
class ReviewedLabels:
    """What a version of the reviews says.

    Attributes:
        version: of the reviews; None for the labels as published.
        outcomes: `NORMAL`, `PNEUMONIA` or `EXCLUDED` by the digest of the image.
    """

    version: int | None = None
    outcomes: Mapping[str, str] = field(default_factory=dict)

    def excluded(self, table: pd.DataFrame) -> np.ndarray:
        """Which images of a table with a column sha256 were excluded, bool (n,)."""
        return (table["sha256"].map(self.outcomes) == EXCLUDED).to_numpy(bool)

    def labelled(self, table: pd.DataFrame) -> pd.DataFrame:
        """The same images with their reviewed labels; the column published keeps those of the data set."""
        published = table.get("published", table["label"])
        outcomes = table["sha256"].map(self.outcomes)
        labels = published.mask(outcomes.isin(CLASS_NAMES), outcomes)
        return table.assign(label=labels, published=published)

    def applied(self, table: pd.DataFrame) -> pd.DataFrame:
        """The images that were not excluded, with their reviewed labels."""
        return self.labelled(table[~self.excluded(table)])


def as_published(table: pd.DataFrame) -> pd.DataFrame:
    """The images of a run's table with the labels of the data set."""
    return table.assign(label=table["published"]) if "published" in table else table


def relabelled(dataset: Dataset, version: int | None) -> Dataset:
    """The data set with the labels of a version of the reviews; None leaves them as published.

    Raises:
        UserError: there is no such version.
    """
    if version is None:
        return dataset
    return replace(dataset, table=reviewed_labels(version).labelled(dataset.table))


def reviewed_labels(version: int | None) -> ReviewedLabels:
    """What a version of the reviews says; None for the labels as published.

    Raises:
        UserError: there is no such version on this computer, or the reviews cannot be read.
    """
    if version is None:
        return ReviewedLabels()
    entries = label_reviews()
    if version not in set(entries["version"]):
        last = f"the last one is {entries['version'].iloc[-1]}" if len(entries) else "there are none yet"
        raise UserError(
            Sentence(
                "There is no version {version} of the reviewed labels here: {last}. Set label_version to "
                "one that exists, or to null for the labels as published.",
                version=version,
                last=last,
            )
        )
    return _said(version, counting_reviews(entries[entries["version"] <= version]))


def current_labels(table: pd.DataFrame) -> ReviewedLabels:
    """What the latest reviews of the images in a table with a column sha256 say.

    Its version is the last one that concerns these images, None where none of their reviews counts; reviews
    of other data sets change nothing.
    """
    reviews = label_reviews(table)
    counting = counting_reviews(reviews)
    if counting.empty:
        return ReviewedLabels()
    return _said(int(reviews["version"].iloc[-1]), counting)


def _said(version: int, counting: pd.DataFrame) -> ReviewedLabels:
    return ReviewedLabels(version, dict(zip(counting["sha256"], counting["outcome"], strict=True)))
