"""The options that say which local images have which labels."""

from pathlib import Path
from typing import Any

import click


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
