"""`cache`: the disk space of cached activations, readings of local images, and unpacked networks."""

import click

from core.cli.output import as_json, gibibytes, print_json
from core.inference import network_cache
from core.runs import cached_activations
from core.site import clear_reading_cache, reading_cache_path, reading_cache_size


@click.command()
@click.option("--clear", is_flag=True, help="Delete them. What is needed is computed again.")
@as_json
def cache(clear: bool, as_json: bool) -> None:
    """Show or free the disk space of caches.

    Activations are those of frozen layers, for training. Readings are what models said of local images.
    Networks are unpacked weights files: with them, a process answers at once.
    """
    freed = cached_activations.clear() + clear_reading_cache() + network_cache.clear() if clear else 0
    size, folder = cached_activations.size(), cached_activations.folder()
    if as_json:
        readings = {"file": str(reading_cache_path()), "bytes": reading_cache_size()}
        networks = {"folder": str(network_cache.folder()), "bytes": network_cache.size()}
        content = {"folder": str(folder), "bytes": size, "freed": freed}
        print_json({**content, "readings": readings, "networks": networks})
        return
    if clear:
        print(f"{gibibytes(freed)} freed")
    print(f"{gibibytes(size)} of cached activations in {folder}")
    print(f"{gibibytes(reading_cache_size())} of readings of local images in {reading_cache_path()}")
    print(f"{gibibytes(network_cache.size())} of unpacked networks in {network_cache.folder()}")
