"""`site`: whether a model holds in one hospital, step by step."""

import getpass
from pathlib import Path
from typing import Any

import click

from core import atomic
from core.cli.diagnosis import default_model
from core.cli.output import as_json, precision, print_json
from core.cli.site_labels import label, labels
from core.cli.site_measure import measure_site
from core.cli.site_set import point, recalibrate, zones
from core.cli.site_shortcuts import site_shortcuts
from core.cli.site_source import Source, measured, source_options
from core.cli.site_watch import compare_reports, watch_site
from core.errors import UserError
from core.inference import NOTICE, Reader
from core.self_test import last_self_test
from core.site import (
    Expectations,
    acceptance_pdf,
    check_against_criteria,
    evidence,
    required_images,
    write_criteria,
    written_criteria,
)
from core.site import accept as accept_model

DEFAULTS = Expectations()


@click.group()
def site() -> None:
    """Find out whether a model holds in your hospital."""


site.add_command(label)
site.add_command(labels)
site.add_command(measure_site)
site.add_command(site_shortcuts)
site.add_command(point)
site.add_command(zones)
site.add_command(recalibrate)
site.add_command(watch_site)
site.add_command(compare_reports)


def expected_option(name: str, text: str) -> Any:
    """An option for one of the expectations."""
    return click.option(
        f"--{name}", type=float, default=getattr(DEFAULTS, name), show_default=True, help=text
    )


@site.command()
@expected_option("sensitivity", "Sensitivity that is expected.")
@expected_option("specificity", "Specificity that is expected.")
@expected_option("prevalence", "Share of your images with pneumonia.")
@expected_option("width", "Width of the 95% intervals.")
@expected_option("margin", "What a rate or the AUC may be lower by.")
@expected_option("auc", "ROC AUC that is expected.")
@expected_option("correlation", "Of two models' scores within a class.")
@expected_option("power", "Probability of showing what is true.")
@click.option("--positives", type=click.IntRange(0), help="PNEUMONIA images that you have.")
@click.option("--negatives", type=click.IntRange(0), help="NORMAL images that you have.")
@as_json
def size(positives: int | None, negatives: int | None, as_json: bool, **expectations: float) -> None:
    """Show how many images you need, and what yours can show.

    All rates are shares from 0 to 1. Intervals are Wilson's; a minimum rate is shown by an exact one-sided
    binomial test at 2.5%; a new model's ROC AUC is compared by DeLong's variance for binormal scores. With
    --positives and --negatives, also what the images at hand can show, and what they cannot.
    """
    if (positives is None) != (negatives is None):
        raise UserError("Give both --positives and --negatives, or neither of them.")
    expected = Expectations(**expectations)
    required = required_images(expected)
    shown = (
        evidence(expected, positives, negatives) if positives is not None and negatives is not None else None
    )
    if as_json:
        print_json({"required": required.values(), "evidence": shown.values() if shown else None})
        return
    for sentence in [*required.sentences(), *(shown.sentences() if shown else [])]:
        print(sentence)


@site.command("criteria")
@click.option("--sensitivity", type=float, help="At least, as a share.")
@click.option("--specificity", type=float, help="At least, as a share.")
@click.option("--auc", type=float, help="ROC AUC, at least.")
@click.option("--withheld", type=float, help="Share without a result, at most.")
def criteria(
    sensitivity: float | None, specificity: float | None, auc: float | None, withheld: float | None
) -> None:
    """Write down what the model must reach, before it is measured.

    The last criteria count; earlier ones are kept. Without options, tell those that are written down.
    """
    if any(value is not None for value in (sensitivity, specificity, auc, withheld)):
        write_criteria(sensitivity, specificity, auc, withheld, getpass.getuser())
    written = written_criteria()
    for item in written:
        print(item.sentence())
    if not written:
        print("No criteria have been written down.")


@site.command("accept")
@source_options
@click.option("--group", "groups", metavar="COLUMN", multiple=True, help="Column of groups; may be repeated.")
@click.option("--pdf", "file", type=click.Path(path_type=Path), help="Save the report as PDF.")
@click.option("--signer", "signers", metavar="NAME", multiple=True, help="Who signs it; may be repeated.")
@precision
@as_json
def accept(
    source: Source,
    groups: tuple[str, ...],
    file: Path | None,
    signers: tuple[str, ...],
    precision: str,
    as_json: bool,
) -> int:
    """Check the active model against the criteria, and report it.

    SOURCE is as for `site measure`; `site criteria` writes criteria down. A criterion is met if the whole 95%
    interval reaches it. If all are, the model is accepted, and `site watch` compares later results with these
    images. The exit code is 1 if it is not.
    """
    if not written_criteria():
        raise UserError("No criteria have been written down. Do that first: python -m core site criteria")
    local = source.open(groups)
    model = default_model()
    reader = Reader.of(model, precision)
    (measurement,) = measured(local, [reader])
    acceptance = check_against_criteria(measurement)
    accepted = accept_model(acceptance, model.identity, getpass.getuser()) if acceptance.passed else None
    if file:
        with atomic.replacing(file) as unfinished:
            unfinished.write_bytes(acceptance_pdf(acceptance, model, last_self_test(), signers))
    if as_json:
        print_json(acceptance.values())
    else:
        print(acceptance.verdict())
        for item in acceptance.outcomes:
            print(f"  {item.sentence()}")
        for sentence in [*measurement.cautions(), *measurement.readings.notes, NOTICE]:
            print(sentence)
        if accepted:
            print(f"Accepted. `site watch` compares later results with {accepted.words()}.")
    return 0 if accepted else 1
