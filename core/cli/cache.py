"""`cache`: the disk space of cached activations."""

import click

from core.cli.output import as_json, gibibytes, print_json
from core.runs import cached_activations


@click.command()
@click.option("--clear", is_flag=True, help="Delete them. The next run computes what it needs again.")
@as_json
def cache(clear: bool, as_json: bool) -> None:
    """Show or free the disk space of cached activations."""
    freed = cached_activations.clear() if clear else 0
    size, folder = cached_activations.size(), cached_activations.folder()
    if as_json:
        print_json({"folder": str(folder), "bytes": size, "freed": freed})
        return
    if clear:
        print(f"{gibibytes(freed)} freed")
    print(f"{gibibytes(size)} of cached activations in {folder}")
