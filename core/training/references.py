"""After the last stage: references of the training images, for the out-of-distribution check in diagnosis."""

from core.dataset import open_dataset
from core.errors import UserError, sentence_of
from core.inference import save_reference
from core.runs import Run, WorkEstimate
from core.sentence import Sentence
from core.training.progress import Progress, check_stop


def write_references(run: Run) -> None:
    """Save the reference of the training images for each stage whose model may be used in diagnosis.

    Runs that publish nothing and custom strategies need none. If the data set can no longer be
    read, the run finishes without references.

    Raises:
        Stopped: the run was asked to stop.
    """

    def check(*_: int) -> None:
        check_stop(run)

    settings = run.settings()
    stages = [number for number in settings.stages if settings.stage(number).for_diagnosis]
    missing = [number for number in stages if not run.reference_path(number).exists()]
    if not run.publishes() or not missing:
        return
    try:
        dataset = open_dataset(settings.data, check)
        progress = _progress(run)
        for left, number in zip(range(len(missing), 0, -1), missing, strict=True):
            progress.set_done(progress.total - progress.estimate.references() * left / len(stages))
            progress.write(
                message=Sentence("Stage {stage}: saving the reference of the training images", stage=number)
            )
            save_reference(run, number, dataset, check)
    except UserError as error:
        run.add_status_note(
            Sentence("No out-of-distribution check for these models: {error}", error=sentence_of(error))
        )


def _progress(run: Run) -> Progress:
    """The progress of a run whose stages have been trained."""
    facts = run.facts()
    return Progress(run, WorkEstimate(run.settings(), facts["training"], facts["validation"], facts["test"]))
