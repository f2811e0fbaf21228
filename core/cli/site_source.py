"""Which local images have which labels, by options; and how a model does on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from core.cli.output import Bar
from core.inference import Reader
from core.site import (
    LabelWords,
    LocalImages,
    SiteMeasurement,
    measure,
    open_local_images,
    read_local_images,
)

positive = click.option("--positive", metavar="VALUE", multiple=True, help="A label that means PNEUMONIA.")
negative = click.option("--negative", metavar="VALUE", multiple=True, help="A label that means NORMAL.")


@dataclass(frozen=True)
class Source:
    """What the options say of local images, which are not looked for before `open`.

    Attributes:
        path: of the folder or table.
        labels: column of labels, `folders` or `readers`; None for the usual.
        patient: column of patients; None for the usual.
        words: what labels mean.
    """

    path: Path
    labels: str | None
    patient: str | None
    words: LabelWords

    def open(self, groups: Sequence[str] = ()) -> LocalImages:
        """The images, with the columns of some groups; raises UserError if they cannot be used."""
        return open_local_images(self.path, self.labels, self.patient, groups, self.words)


def source_options(command: Callable) -> Callable:
    """The options that say which images with which labels; the command gets them as a `Source`."""

    @wraps(command)
    def with_source(
        *,
        source: Path,
        labels: str | None,
        patient: str | None,
        positive: tuple[str, ...],
        negative: tuple[str, ...],
        **others: Any,
    ) -> Any:
        return command(Source(source, labels, patient, LabelWords(positive, negative)), **others)

    decorated: Any = with_source
    for option in reversed(
        [
            click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path)),
            click.option("--labels", metavar="COLUMN", help="Column of labels, 'folders' or 'readers'."),
            click.option("--patient", metavar="COLUMN", help="Column of patients. [default: patient]"),
            positive,
            negative,
        ]
    ):
        decorated = option(decorated)
    return decorated


def measured(local: LocalImages, readers: Sequence[Reader]) -> list[SiteMeasurement]:
    """The measurement of each model, with a bar while they read."""
    return list(map(measure, read_local_images(local, readers, Bar("Reading", "image"))))
