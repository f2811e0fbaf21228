"""What a report may say of its data: each sentence follows from what the runs recorded."""

import pandas as pd

from core.comparison.model_comparison import ModelComparison
from core.dataset import PNEUMONIAMNIST, patient_and_cause
from core.runs import Run


def on_published_set(comparison: ModelComparison) -> bool:
    """Whether all models were trained on the data set that the method was published with.

    Its images are known by their file names, whatever the folder is called; those of PneumoniaMNIST have no
    names of their own, but the program downloads them into a folder that has.
    """
    if comparison.synthetic or any(run.settings().held_out_site for run in _runs(comparison)):
        return False
    if all(run.facts().get("data") == PNEUMONIAMNIST for run in _runs(comparison)):
        return True
    tables = [model.table for model in (*comparison.models, *comparison.validation.values())]
    names = {path.rsplit("/", 1)[-1] for table in tables for path in table["path"]}
    return all(patient_and_cause(name)[0] for name in names)


def counted(number: int | None) -> str:
    """A number of images that a run recorded, or that it is unknown.

    >>> counted(4681), counted(None)
    ('4,681', 'unknown')
    """
    return "unknown" if number is None else f"{number:,}"


def training_table(comparison: ModelComparison) -> pd.DataFrame:
    """What each run was trained on: one row per run."""
    rows = {}
    for run in _runs(comparison):
        facts, settings = run.facts(), run.settings()
        version = settings.label_version
        rows[run.name] = {
            "data set": facts.get("data", "unknown"),
            "training images": counted(facts.get("training")),
            "validation images, of other patients": counted(facts.get("validation")),
            "labels": "as published" if version is None else f"as readers reviewed them, version {version}",
            "site left out": settings.held_out_site or "none",
        }
    return pd.DataFrame(rows).T.astype(str)


def origin_sentence(comparison: ModelComparison) -> str:
    """Where the compared images come from, seen from the training images."""
    sites = {run.settings().held_out_site for run in _runs(comparison)}
    if comparison.split != "test" or sites == {None}:
        return "They are from the data set of the training images: no external test."
    if None not in sites and len(sites) == 1:
        return f"They are from the site {sites.pop()}, on which no model was trained."
    tested = [f"{run.name}: {run.settings().held_out_site or 'none'}" for run in _runs(comparison)]
    return f"The sites left out of training differ: {', '.join(tested)}."


def label_sentence(comparison: ModelComparison) -> str:
    """By which labels the models are measured."""
    return comparison.labels or "Labels as published: reviews by readers are not applied to them."


def _runs(comparison: ModelComparison) -> list[Run]:
    return list({stage.run.name: stage.run for stage in comparison.stages}.values())
