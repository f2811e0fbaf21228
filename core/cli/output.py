"""What commands print: JSON for machines, bars and tables for people."""

import json
import sys
from collections.abc import Callable

import click
from tqdm import tqdm

from core import processor

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON value, nothing else.")

precision = click.option(
    "--precision",
    type=click.Choice(processor.PRECISIONS),
    default="auto",
    show_default=True,
    help="In which convolutions compute; auto is bfloat16 where the processor has it.",
)

operating_point = click.option(
    "--point",
    type=click.Choice(["half", "youden", "sensitivity"]),
    default="half",
    show_default=True,
    help="Threshold: one half, or found on validation by Youden's J or for a sensitivity of 95 %.",
)


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


class Bar:
    """A progress bar on standard error, silent where nobody watches."""

    def __init__(self, title: str, unit: str):
        self._title, self._unit, self._bar = title, unit, None

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` are done."""
        if self._bar is None:
            hidden = not sys.stderr.isatty()
            self._bar = tqdm(total=total, desc=self._title, unit=self._unit, disable=hidden)
        self._bar.update(done - self._bar.n)
        if done >= total:
            self._bar.close()


Progress = Callable[[int, int], None]


def percent(value: float | None) -> str:
    """A share for people; a dash when there is none."""
    return "–" if value is None else f"{100 * value:.1f} %"


def gibibytes(size: int) -> str:
    """A size on disk for people."""
    return f"{size / 2**30:.2f} GiB"
