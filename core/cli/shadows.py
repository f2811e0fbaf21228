"""`models shadow` and `models shadow-report`: models that read beside the active one, and what they say."""

import getpass

import click

from core.cli.output import as_json, print_json, reason
from core.registry import CANDIDATE, SHADOW, Shadow, make_shadow, stop_shadow
from core.shadow import SHOWN_DIGITS, ShadowReport, shadow_reports


@click.command()
@click.argument("name")
@click.option("--stop", is_flag=True, help="Make the shadow NAME a candidate again.")
@reason
@as_json
def shadow(name: str, stop: bool, reason: str, as_json: bool) -> None:
    """Let the model NAME read beside the active one.

    It reads what the active model reads, in the background. Its answers are never given as the answer;
    `models shadow-report` compares them.
    """
    if stop:
        changed, state = stop_shadow(name, getpass.getuser(), reason), CANDIDATE
    else:
        changed, state = Shadow.of(make_shadow(name, getpass.getuser(), reason)), SHADOW
    if as_json:
        print_json({**vars(changed), "state": state})
    else:
        print(f"{changed.title} is a {state} now.")


@click.command("shadow-report")
@click.argument("name", default="")
@as_json
def shadow_report(name: str, as_json: bool) -> None:
    """Compare shadows with the active model.

    All shadow models, or the model NAME: agreement with a 95% interval, how often each model predicted
    pneumonia, and the images whose label changed, by SHA-256. To fill the report from files, run `batch` on
    them.
    """
    reports = shadow_reports(name)
    if as_json:
        print_json([report.to_json() for report in reports])
        return
    if not reports:
        print("No model is a shadow. Make one: python -m core models shadow NAME")
    for report in reports:
        _print(report)


def _print(report: ShadowReport) -> None:
    print(f"{report.shadow}: {'shadow' if report.running else 'no longer a shadow'}")
    if not report.comparisons:
        print("  It has read no image yet.")
    for comparison in report.comparisons:
        print(f"  Beside {comparison.active}:")
        for sentence in comparison.sentences():
            print(f"    {sentence}")
        for row in comparison.changed.to_dict("records"):
            print(
                f"      {row['sha256'][:SHOWN_DIGITS]}  "
                f"{row['active_label']} {row['active_probability']:.1%} -> "
                f"{row['shadow_label']} {row['shadow_probability']:.1%}"
            )
    for why, images in report.missed.items():
        print(f"  Not read {images:,}: {why}")
