"""Shortcut baselines: predictions from corners, border or histogram alone, trained on the same images."""

from core.dataset import BASELINES, describe_images, shortcut_baseline
from core.sentence import Sentence
from core.training.stage_training import StageTraining


def write_baselines(training: StageTraining) -> None:
    """Write each shortcut baseline's predictions to the run, to compare the models with."""
    run, data = training.run, training.data
    run.write_state(message=Sentence("Computing the shortcut baselines"))
    images_of = {"validation": data.validation, "test": data.test}
    tables = {
        role: describe_images(images.dataset, images.rows)
        for role, images in images_of.items()
        if len(images)
    }
    for view in BASELINES:
        probabilities = shortcut_baseline(view, data.training.dataset, data.training.rows)
        if probabilities is None:
            return
        for role, table in tables.items():
            run.results.write_baseline(
                view, role, table.assign(probability=probabilities[images_of[role].rows])
            )
