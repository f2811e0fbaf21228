"""`settings`: every setting of a run with its default, allowed values and meaning."""

import click

from core.cli.output import as_json, print_json
from core.config import settings_page


@click.command()
@as_json
def settings(as_json: bool) -> None:
    """List what `train --set` takes, with defaults and ranges."""
    if as_json:
        print_json({"settings": settings_page.settings_rows()})
    else:
        click.echo(settings_page.as_text())
