"""The options by which commands set the runs that they train, and the settings that come of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from core.cli.output import precision
from core.config import PRESETS, STAGE_NUMBERS, TrainingSettings, declarations, preset
from core.dataset import Dataset, settings_of_new_runs

SETTINGS = declarations(TrainingSettings)
OPTIONS = (
    click.option(
        "--preset",
        "preset_name",
        default="seed",
        show_default=True,
        type=click.Choice(list(PRESETS)),
        help="Settings to start from.",
    ),
    click.option(
        "--stage",
        "stages",
        type=click.Choice([*map(str, STAGE_NUMBERS), "all"]),
        multiple=True,
        help="Stage to train; may be repeated. Default: 1, 2 and 3. 4 is custom: give --set "
        "strategy.name=...",
    ),
    click.option(
        "--weights",
        metavar="imagenet|none|FILE",
        default="imagenet",
        show_default=True,
        help=f"Starting weights: {SETTINGS['weights'].help}",
    ),
    click.option("--epochs", type=int, help=SETTINGS["epochs"].help),
    click.option("--steps", type=int, help="Steps per epoch in every stage."),
    click.option("--seed", type=int, help=SETTINGS["seed"].help),
    precision,
    click.option(
        "--set",
        "changes",
        metavar="NAME=VALUE",
        multiple=True,
        help="Any setting, such as momentum=0.9 or augmentation.rotation=10; see `python -m core settings`.",
    ),
    click.option(
        "--as-published", is_flag=True, help="Use the published labels, not those readers reviewed."
    ),
)


def settings_options(command: Callable) -> Callable:
    """Give a command the options whose values `new_settings` takes."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def new_settings(
    dataset: Dataset,
    preset_name: str,
    stages: tuple[str, ...],
    weights: str,
    precision: str,
    changes: tuple[str, ...],
    as_published: bool,
    resumed: TrainingSettings | None = None,
    **given: int | None,
) -> TrainingSettings:
    """The settings of a new run on a data set.

    Args:
        dataset: to train on.
        preset_name, stages, weights, precision, changes, as_published: values of the options.
        resumed: settings of a run of the same command that is resumed, if any.
        given: epochs, steps and seed; None where the preset's value is kept.

    Raises:
        UserError: a name is unknown or a value not allowed.
    """
    settings = preset(preset_name).settings(
        **settings_of_new_runs(dataset, resumed),
        data=str(dataset.root),
        weights=weights if weights in ("imagenet", "none") else str(Path(weights).resolve()),
        precision=precision,
    )
    typed = {name: str(value) for name, value in given.items() if value is not None}
    settings = settings.changed(typed | _named_values(changes))
    if as_published:
        settings = replace(settings, label_version=None)
    if stages and "all" not in stages:
        settings = replace(settings, stages=tuple(sorted(map(int, set(stages)))))
    return settings


def _named_values(changes: tuple[str, ...]) -> dict[str, Any]:
    """The values of `--set` by name."""
    for change in changes:
        if "=" not in change:
            raise click.BadParameter(f"{change!r} is not NAME=VALUE, such as momentum=0.9.")
    return dict(change.split("=", 1) for change in changes)
