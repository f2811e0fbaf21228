"""Which local images have which labels, by options; and how a model does on them."""

from pathlib import Path
from typing import Any

import click

from core.cli.output import Bar
from core.inference import Reader
from core.site import LocalImages, SiteMeasurement, measure, read_local_images


def source_options(command: Any) -> Any:
    """The options that say which images with which labels."""
    for option in reversed(
        [
            click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path)),
            click.option("--labels", metavar="COLUMN", help="Column of labels, 'folders' or 'readers'."),
            click.option("--patient", metavar="COLUMN", help="Column of patients. [default: patient]"),
            click.option("--positive", metavar="VALUE", multiple=True, help="A label that means PNEUMONIA."),
            click.option("--negative", metavar="VALUE", multiple=True, help="A label that means NORMAL."),
        ]
    ):
        command = option(command)
    return command


def measured(local: LocalImages, reader: Reader) -> SiteMeasurement:
    """The measurement of a model, with a bar while it reads."""
    return measure(read_local_images(local, reader, Bar("Reading", "image")))
