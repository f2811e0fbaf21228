"""`leave-site-out`: how well a recipe holds at a site that it was not trained on."""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from core import evaluation
from core.cli.output import Bar, as_json, print_json
from core.cli.run_settings import new_settings, settings_options
from core.cli.training import data_option, train_to_end
from core.comparison import EvaluatedStage, ModelComparison
from core.dataset import open_datasets, rows_by_role
from core.errors import UserError
from core.evaluation import METRICS
from core.runs import Run, as_run_name, create_run, list_runs

MAX_PREFIX = 24  # characters of the joined set's name in those of the runs
PRINTED = ("auc", "sensitivity", "specificity")


@click.command("leave-site-out")
@data_option
@settings_options
@click.option("--run", "name", help="Beginning of the runs' names; by default, the sites' names.")
@click.option("--runs", type=click.Path(path_type=Path), help="Folder that holds the runs.")
@as_json
def leave_site_out(
    data: tuple[Path, ...], name: str | None, runs: Path | None, as_json: bool, **chosen: Any
) -> int:
    """Train without each site in turn, and measure on it.

    Give --data once for each site. The last stage is measured on the site left out, at the threshold chosen
    on validation patients of the other sites; an image that several sites hold is measured at one of them.
    The same command resumes what was interrupted. The runs publish no weights.
    """
    if len(data) < 2:
        raise UserError("Give --data at least twice: each data set is a site.")
    dataset = open_datasets(data, Bar("Decoding", "image"))
    names = _names(name or dataset.root.name[:MAX_PREFIX], sorted(set(dataset.table["site"])))
    known = {run.name: run for run in list_runs(runs) if run.name in names.values()}
    begun = next(iter(known.values()), None)
    settings = new_settings(dataset, **chosen, resumed=begun.settings() if begun else None)
    without = {site: replace(settings, held_out_site=site) for site in names}
    for site, changed in without.items():  # what cannot be trained is refused now, not hours later
        rows_by_role(dataset, changed)
        if names[site] in known and known[names[site]].settings() != changed:
            raise UserError(f"There is already a run {names[site]} of other settings. Give another --run.")
    if begun and settings != new_settings(dataset, **chosen):
        print(_resumed_sentence(begun), file=sys.stderr)
    measured = {}
    for site, changed in without.items():
        run = known.get(names[site]) or create_run(changed, names[site], runs, publish=False)
        if run.status().state != "finished":
            train_to_end(run, quiet=as_json)
        if run.status().state != "finished":
            raise UserError(f"Run {run.name} has not finished: {run.status().message} Repeat the command.")
        measured[site] = {"run": run.name, **_measured(run)}
    if as_json:
        print_json(measured)
    else:
        _print(measured)
    return 0


def _names(prefix: str, sites: list[str]) -> dict[str, str]:
    """The name of each site's run.

    Raises:
        UserError: two sites' runs would have the same name.
    """
    names = {site: as_run_name(f"{prefix}-without-{site}") for site in sites}
    for name, count in Counter(names.values()).items():
        if count > 1:
            alike = " and ".join(site for site in sites if names[site] == name)
            raise UserError(
                f"The runs without {alike} would all be called {name}. Give a shorter --run, or rename their "
                f"folders so that digits or letters from A to Z tell them apart."
            )
    return names


def _resumed_sentence(begun: Run) -> str:
    """That the labels and exclusions of a run are kept though new runs would have others."""
    version = begun.settings().label_version
    labels = "the labels as published" if version is None else f"version {version} of the labels"
    return (
        f"Resumed with {labels} and the exclusions of run {begun.name}; these differ from the present ones. "
        f"Give another --run to train with those."
    )


def _measured(run: Run) -> dict:
    """Metrics of the last stage on the site that was left out, with intervals, at its own threshold."""
    comparison = ModelComparison.of([EvaluatedStage(run, run.settings().stages[-1])], "test")
    (model,) = comparison.models
    return evaluation.evaluate_with_intervals(model, comparison.thresholds[model.name])


def _print(measured: dict[str, dict]) -> None:
    width = max(map(len, measured))
    for site, metrics in measured.items():
        texts = (
            f"{METRICS[key].title} {METRICS[key].text(metrics[key], metrics['intervals'][key])}"
            for key in PRINTED
        )
        print(f"{site:<{width}}  {metrics['n']:>6,} images  {'  '.join(texts)}  ({metrics['run']})")
