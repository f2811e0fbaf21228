"""`models`: which model answers, its promotion, rollback and retirement, ensembles, shadows, and export."""

import getpass
import time
from pathlib import Path
from typing import Any

import click

from core.cli.output import as_json, print_json, reason
from core.cli.shadows import shadow, shadow_report
from core.export import EXPORT_FORMATS, ZIP, export_model
from core.registry import (
    NON_INFERIORITY_MARGIN,
    Event,
    PromotionCheck,
    RegisteredModel,
    active_registered_model,
    checklist,
    events,
    find_model,
    list_models,
    plan_ensemble,
    register_ensemble,
)
from core.registry import promote as promote_model
from core.registry import retire as retire_model
from core.registry import rollback as roll_back

margin_option = click.option(
    "--margin",
    type=click.FloatRange(0, 0.5),
    default=NON_INFERIORITY_MARGIN,
    show_default=True,
    help="By how much ROC AUC and sensitivity may be below the active model's.",
)


@click.group()
def models() -> None:
    """Choose which model answers: list, promote, roll back.

    The active model answers on the Diagnosis page, in the API, in the DICOM node and in batches. Shadow
    models read the same images in the background, to be compared with it.
    """


models.add_command(shadow)
models.add_command(shadow_report)


@models.command("list")
@as_json
def show_all(as_json: bool) -> None:
    """List registered models, the bundled model and the stages of finished runs."""
    items = list_models()
    if as_json:
        print_json([_values(item) for item in items])
        return
    width = max((len(item.title) for item in items), default=0)
    for item in items:
        print(f"{item.state:<10}{item.title:<{width + 2}}{item.model.title}")


@models.command()
@click.argument("name")
@margin_option
@as_json
def show(name: str, margin: float, as_json: bool) -> None:
    """Show the model NAME, its checklist, and what was decided about it."""
    item = find_model(name)
    checks = checklist(item, active_registered_model(), margin)
    decisions = [event for event in events() if event.model == item.name]
    if as_json:
        print_json(
            {
                **_values(item),
                "checks": [vars(check) for check in checks],
                "events": [vars(e) for e in decisions],
            }
        )
        return
    print(f"{item.title}: {item.state}. {item.model.title}")
    print(item.model.threshold_sentence())
    _print_checks(checks)
    for event in decisions:
        print(_sentence(event))


@models.command()
@click.argument("name")
@click.option("--override", is_flag=True, help="Promote although a check failed; needs --reason.")
@reason
@margin_option
@as_json
def promote(name: str, override: bool, reason: str, margin: float, as_json: bool) -> None:
    """Make the model NAME answer everywhere, if its checklist passes.

    With --override, a registered version becomes a further one, whose answers say which checks had failed.
    """
    chosen = find_model(name)
    checks = checklist(chosen, active_registered_model(), margin)
    if not as_json:
        _print_checks(checks)
    overridden = [check.title for check in checks if override and not check.passed]
    item = promote_model(chosen.title, getpass.getuser(), reason, overridden, margin)
    _done(item, as_json, f"{item.title} is active now.")


@models.command()
@reason
@as_json
def rollback(reason: str, as_json: bool) -> None:
    """Go back to the model that was active before."""
    item = roll_back(getpass.getuser(), reason)
    _done(item, as_json, f"{item.title} is active again.")


@models.command()
@click.argument("name")
@reason
@as_json
def retire(name: str, reason: str, as_json: bool) -> None:
    """Retire the registered model NAME. It stays on disk, so that its answers can be traced."""
    item = retire_model(name, getpass.getuser(), reason)
    _done(item, as_json, f"{item.title} is retired.")


@models.command()
@click.argument("name")
@click.argument("members", metavar="MEMBER...", nargs=-1, required=True)
@as_json
def ensemble(name: str, members: tuple[str, ...], as_json: bool) -> None:
    """Register models of the list as one, ensemble/NAME.

    It answers with the mean of their calibrated log-odds, once it is promoted. What an answer will cost is
    measured and said before.
    """
    plan = plan_ensemble(name, list(members))
    cost = plan.cost().sentence()
    if not as_json:
        print(cost)
    item = register_ensemble(plan, getpass.getuser(), cost)
    if as_json:
        print_json({**_values(item), "cost": cost})
        return
    print(f"{item.title} is registered. {item.model.threshold_sentence()}")
    print(f"{item.model.test_result_sentence()} To let it answer: python -m core models promote {item.title}")


@models.command()
@click.argument("name")
@click.option("--format", "kind", required=True, type=click.Choice(EXPORT_FORMATS), help="What to write.")
@click.option("--to", type=click.Path(path_type=Path), help="Folder, or zip file, to create.")
@as_json
def export(name: str, kind: str, to: Path | None, as_json: bool) -> None:
    """Export the model NAME for other programs: its network, the input it expects, and a script that runs it.

    `zip` is one file with the Keras network and all of the model's own files.
    """
    item = find_model(name)
    target = to or Path(item.title.replace("/", "-") + (".zip" if kind == ZIP else f"-{kind}"))
    difference = export_model(item, kind, target)
    if as_json:
        print_json({**_values(item), "format": kind, "exported": str(target), "difference": difference})
        return
    print(f"{item.title} was exported to {target}.")
    print(f"On 50 drawn images its probabilities differ from those here by at most {difference:.1e}.")


def _done(item: RegisteredModel, as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(_values(item))
    else:
        print(sentence)


def _values(item: RegisteredModel) -> dict[str, Any]:
    return {
        "name": item.name,
        "version": item.version,
        "state": item.state,
        "weights": item.model.identity.digest,
        "stage": item.model.stage.number,
        "run": item.model.record.run,
        "data": item.model.record.data,
        "synthetic": item.model.record.synthetic,
        "path": str(item.model.path),
        "members": [member.title for member in item.model.record.members],
    }


def _print_checks(checks: list[PromotionCheck]) -> None:
    for check in checks:
        print(f"  {'passed' if check.passed else 'FAILED'}  {check.title}. {check.detail}")
        if check.command:
            print(f"          Command: {check.command}")


def _sentence(event: Event) -> str:
    moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(event.time))
    reason = f": {event.reason}" if event.reason else ""
    return f"{moment}  {event.action} of version {event.version} by {event.who}{reason}"
