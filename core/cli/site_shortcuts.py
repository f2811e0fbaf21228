"""`site shortcuts`: whether labels and results at a hospital may rest on something other than the lungs."""

from pathlib import Path

import click

from core.cli.diagnosis import default_model, model_option
from core.cli.occlusion import print_occlusion
from core.cli.output import Bar, as_json, precision, print_json
from core.cli.site_source import Source, measured, source_options
from core.inference import NOTICE, Reader
from core.site import SiteShortcuts, find_site_shortcuts


@click.command("shortcuts")
@source_options
@model_option
@precision
@as_json
def site_shortcuts(source: Source, model: Path | None, precision: str, as_json: bool) -> None:
    """Test whether labels and results may rest on something other than the lungs.

    SOURCE is as for `site measure`. Shortcut baselines tell whether the labels can be predicted from corners,
    border or grey levels alone, cross-validated on these images; the occlusion test, what hiding parts of the
    images does to the active model; and the heat maps, how much of them lies in the lungs. It takes up
    to 0.4 seconds of processor time per image.
    """
    local = source.open()
    reader = Reader(model, precision) if model else Reader.of(default_model(), precision)
    (measurement,) = measured(local, [reader])
    files = list(local.table["file"])
    shortcuts = find_site_shortcuts(measurement, files, reader, Bar("Testing", "image"))
    if as_json:
        print_json(shortcuts.values() | {"model": measurement.readings.model, "notice": NOTICE})
        return
    print(f"{measurement.readings.name}: model {measurement.readings.model}")
    _print(shortcuts)
    for sentence in [*measurement.cautions(), NOTICE]:
        print(sentence)


def _print(shortcuts: SiteShortcuts) -> None:
    """The tests for people."""
    for sentence in [*shortcuts.baseline_sentences(), *shortcuts.notes()]:
        print(sentence)
    print_occlusion(shortcuts.effects, shortcuts.heat_table())
