"""`site`: whether a model holds in one hospital, step by step."""

from typing import Any

import click

from core.cli.output import as_json, print_json
from core.errors import UserError
from core.site import Expectations, evidence, required_images

DEFAULTS = Expectations()


@click.group()
def site() -> None:
    """Find out whether a model holds in your hospital."""


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
    """Tell how many labelled images you need, and what yours can show.

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
