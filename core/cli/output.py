"""Output of commands: JSON for programs, progress bars and formatted numbers for people."""

import json
import sys

import click
from tqdm import tqdm

from core.config import processor

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON value and nothing else.")

reason = click.option("--reason", default="", help="Why; kept in the registry's log.")

precision = click.option(
    "--precision",
    type=click.Choice(processor.PRECISIONS),
    default="auto",
    show_default=True,
    help="Precision of the convolutions; auto uses bfloat16 if the processor supports it.",
)

operating_point = click.option(
    "--point",
    type=click.Choice(["half", "youden", "sensitivity"]),
    default="half",
    show_default=True,
    help="Decision threshold: one half, or chosen on validation by Youden's J or for a sensitivity of 95%.",
)


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


class Bar:
    """A progress bar on standard error; hidden if that is not a terminal."""

    def __init__(self, title: str, unit: str) -> None:
        self._title = title
        self._unit = unit
        self._bar: tqdm | None = None

    def __call__(self, done: int, total: int) -> None:
        """Update the bar."""
        if self._bar is None:
            hidden = not sys.stderr.isatty()
            self._bar = tqdm(total=total, desc=self._title, unit=self._unit, disable=hidden)
        self._bar.update(done - self._bar.n)
        if done >= total:
            self._bar.close()


def percent(value: float | None) -> str:
    """A fraction as a percentage; a dash if there is none."""
    return "–" if value is None else f"{100 * value:.1f}%"


def gibibytes(size: int) -> str:
    """A size in bytes as GiB."""
    return f"{size / 2**30:.2f} GiB"
