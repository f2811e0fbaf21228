"""Shortcut baselines: predictions from corners, border or histogram alone, trained on the same images."""

from core.dataset import describe_images, shortcut_baseline
from core.training.stage_training import StageTraining

BASELINES = ("corners", "frame", "histogram")


def write_baselines(training: StageTraining) -> None:
    """Write each shortcut baseline's predictions to the run, to compare the models with."""
    run, data = training.run, training.data
    run.write_state(message="Computing the shortcut baselines")
    dataset = data.training.dataset
    rows_of = {"validation": data.validation.rows, "test": data.test.rows}
    tables = {role: describe_images(dataset, rows) for role, rows in rows_of.items() if len(rows)}
    for view in BASELINES:
        probabilities = shortcut_baseline(view, dataset, data.training.rows)
        if probabilities is None:
            return
        for role, table in tables.items():
            run.results.write_baseline(view, role, table.assign(probability=probabilities[rows_of[role]]))
