"""`site point`, `site zones`, `site recalibrate`: threshold, zones and temperature for one hospital."""

import getpass
from collections.abc import Callable
from typing import TypeVar

import click

from core.cli.diagnosis import default_model
from core.cli.output import as_json, precision, print_json
from core.cli.site_source import Source, measured, source_options
from core.errors import UserError
from core.evaluation import FALSE_ALARM_RATE, MISS_RATE
from core.inference import Reader
from core.registry import (
    ZONES_LEFT_OUT,
    RegisteredModel,
    answering_registered_model,
    register_operating_point,
    register_temperature,
    register_zones,
)
from core.site import (
    SiteMeasurement,
    SitePoint,
    SiteTemperature,
    SiteZones,
    check_rule,
    find_site_point,
    find_site_temperature,
    find_site_zones,
    keep_measured_set,
)

Found = TypeVar("Found", SitePoint, SiteTemperature, SiteZones)


@click.command("point")
@source_options
@click.option(
    "--rule",
    type=click.Choice(["sensitivity", "specificity", "youden"]),
    default="sensitivity",
    show_default=True,
    help="What the threshold must keep.",
)
@click.option("--at-least", type=float, help="Rate to keep. [default: 0.95]")
@click.option("--save", is_flag=True, help="Register a version with the threshold.")
@precision
@as_json
def point(
    source: Source, rule: str, at_least: float | None, save: bool, precision: str, as_json: bool
) -> None:
    """Find a decision threshold for your hospital.

    SOURCE is as for `site measure`. The threshold of the active model is found on all images with a result.
    What to expect of it is measured by cross-fitting: each image at a threshold found without its patient. It
    takes 30 patients of each class. With --save, the model with that threshold and this evidence becomes a
    registered version. It answers once you promote it: python -m core models promote NAME.
    """

    def find(measurement: SiteMeasurement) -> SitePoint:
        return find_site_point(measurement, rule, at_least)

    def register(title: str, found: SitePoint) -> RegisteredModel:
        return register_operating_point(title, found.point, getpass.getuser(), found.values())

    check_rule(rule, at_least)
    _find(source, precision, find, register if save else None, as_json)


@click.command("zones")
@source_options
@click.option(
    "--miss-rate",
    type=float,
    default=MISS_RATE,
    show_default=True,
    help="Share of images with pneumonia that are ruled out, at most.",
)
@click.option(
    "--false-alarm-rate",
    type=float,
    default=FALSE_ALARM_RATE,
    show_default=True,
    help="Share of the others that are ruled in, at most.",
)
@click.option("--save", is_flag=True, help="Register a version with the zones.")
@precision
@as_json
def zones(
    source: Source, miss_rate: float, false_alarm_rate: float, save: bool, precision: str, as_json: bool
) -> None:
    """Find three zones for your hospital: rule out, undecided, rule in.

    SOURCE is as for `site measure`. The bounds of the active model's probability are found by conformal risk
    control for the two rates. What to expect of them is measured by cross-fitting, as by `site point`. With
    --save, the model with these zones beside its threshold becomes a registered version, as by `site point`:
    wherever it answers, an image between the bounds is undecided.
    """

    def find(measurement: SiteMeasurement) -> SiteZones:
        return find_site_zones(measurement, miss_rate, false_alarm_rate)

    def register(title: str, found: SiteZones) -> RegisteredModel:
        return register_zones(title, found.zones, found.rule, getpass.getuser(), found.values())

    _find(source, precision, find, register if save else None, as_json)


@click.command("recalibrate")
@source_options
@click.option("--save", is_flag=True, help="Register a version with the temperature.")
@precision
@as_json
def recalibrate(source: Source, save: bool, precision: str, as_json: bool) -> None:
    """Fit the probabilities to your hospital.

    SOURCE is as for `site measure`. The active model's temperature, which divides its log-odds, is fitted to
    all images with a result. What to expect of it is measured by cross-fitting, as by `site point`. It takes
    as many patients of each class as `site size` asks for by default. With --save, the model with that
    temperature and this evidence becomes a registered version, as by `site point`.
    """

    def register(title: str, found: SiteTemperature) -> RegisteredModel:
        return register_temperature(title, found.temperature, found.rule, getpass.getuser(), found.values())

    _find(source, precision, find_site_temperature, register if save else None, as_json)


def _find(
    source: Source,
    precision: str,
    find: Callable[[SiteMeasurement], Found],
    register: Callable[[str, Found], RegisteredModel] | None,
    as_json: bool,
) -> None:
    """Measure the active model, find something for the hospital, and register and tell it.

    Args:
        source: of the images.
        precision: to compute in.
        find: what is found on a measurement.
        register: registers it as a version of the model of a title; None if it is not saved.
        as_json: whether to print JSON.
    """
    active = answering_registered_model() if register else None
    if register and active is None:
        raise UserError("No model is active, so there is none to register. Promote one first.")
    reader = Reader.of(active.model if active else default_model(), precision)
    (measurement,) = measured(source.open(), [reader])
    change = find(measurement)
    version = register(active.title, change) if register and active else None
    if version:
        keep_measured_set(measurement, version.model.identity, getpass.getuser())
    cautions, notes = measurement.cautions(), list(measurement.readings.notes)
    if isinstance(change, SitePoint) and reader.record.zones:
        notes.append(ZONES_LEFT_OUT)
    title = version.title if version else None
    if as_json:
        print_json({**change.values(), "cautions": cautions, "notes": notes, "version": title})
        return
    for sentence in [*cautions, *change.sentences(), *notes]:
        print(sentence)
    if title:
        print(f"Registered as {title}. To let it answer: python -m core models promote {title}")
