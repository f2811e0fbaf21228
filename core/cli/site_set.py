"""`site point` and `site recalibrate`: a threshold and a temperature for one hospital, saved as versions."""

import getpass
from pathlib import Path

import click

from core.cli.diagnosis import default_model
from core.cli.output import as_json, precision, print_json
from core.cli.site_source import measured, source_options
from core.errors import UserError
from core.inference import Reader
from core.registry import (
    RegisteredModel,
    answering_registered_model,
    register_operating_point,
    register_temperature,
)
from core.site import (
    LabelWords,
    LocalImages,
    SiteMeasurement,
    SitePoint,
    SiteTemperature,
    check_rule,
    find_site_point,
    find_site_temperature,
    open_local_images,
)


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
    source: Path,
    labels: str | None,
    patient: str | None,
    positive: tuple[str, ...],
    negative: tuple[str, ...],
    rule: str,
    at_least: float | None,
    save: bool,
    precision: str,
    as_json: bool,
) -> None:
    """Find a decision threshold for your hospital.

    SOURCE is as for `site measure`. The threshold of the active model is found on all images with a result.
    What to expect of it is measured by cross-fitting: each image at a threshold found without its patient. It
    takes 30 patients of each class. With --save, the model with that threshold and this evidence becomes a
    registered version. It answers once you promote it: python -m core models promote NAME.
    """
    check_rule(rule, at_least)
    active = _to_register(save)
    local = open_local_images(source, labels, patient, words=LabelWords(positive, negative))
    measurement = _measured(local, active, precision)
    site_point = find_site_point(measurement, rule, at_least)
    registered = active and register_operating_point(
        active.title, site_point.point, getpass.getuser(), site_point.values()
    )
    _tell(site_point, measurement, registered, as_json)


@click.command("recalibrate")
@source_options
@click.option("--save", is_flag=True, help="Register a version with the temperature.")
@precision
@as_json
def recalibrate(
    source: Path,
    labels: str | None,
    patient: str | None,
    positive: tuple[str, ...],
    negative: tuple[str, ...],
    save: bool,
    precision: str,
    as_json: bool,
) -> None:
    """Fit the probabilities to your hospital.

    SOURCE is as for `site measure`. The active model's temperature, which divides its log-odds, is fitted to
    all images with a result. What to expect of it is measured by cross-fitting, as by `site point`. It takes
    as many patients of each class as `site size` asks for by default. With --save, the model with that
    temperature and this evidence becomes a registered version, as by `site point`.
    """
    active = _to_register(save)
    local = open_local_images(source, labels, patient, words=LabelWords(positive, negative))
    measurement = _measured(local, active, precision)
    scaling = find_site_temperature(measurement)
    registered = active and register_temperature(
        active.title, scaling.temperature, scaling.rule, getpass.getuser(), scaling.values()
    )
    _tell(scaling, measurement, registered, as_json)


def _to_register(save: bool) -> RegisteredModel | None:
    """The active model if a version of it is to be registered; raises UserError if none is active then."""
    active = answering_registered_model() if save else None
    if save and active is None:
        raise UserError("No model is active, so there is none to register. Promote one first.")
    return active


def _measured(local: LocalImages, active: RegisteredModel | None, precision: str) -> SiteMeasurement:
    """The measurement of the model that answers."""
    return measured(local, Reader.of(active.model if active else default_model(), precision))


def _tell(
    evidence: SitePoint | SiteTemperature,
    measurement: SiteMeasurement,
    registered: RegisteredModel | None,
    as_json: bool,
) -> None:
    """Print why it may mislead, what was found, and how the version that was registered comes to answer."""
    cautions, notes = measurement.cautions(), list(measurement.readings.notes)
    if as_json:
        version = registered.title if registered else None
        print_json({**evidence.values(), "cautions": cautions, "notes": notes, "version": version})
        return
    for sentence in [*cautions, *evidence.sentences(), *notes]:
        print(sentence)
    if registered:
        title = registered.title
        print(f"Registered as {title}. To let it answer: python -m core models promote {title}")
