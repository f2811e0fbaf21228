"""What comes when all stages are trained, and how a run ends."""

import resource
import time

from core.backbones import VGG19
from core.config import STAGES
from core.dataset import open_dataset
from core.diagnosis import keep_reference
from core.errors import UserError
from core.runs import Run
from core.training.progress import check_stop


def keep_references(run: Run) -> None:
    """Keep the training films as each stage sees them, where answers may be checked against them.

    Models that answer nobody need none: of runs that publish nothing, of other backbones and of one's own
    strategy. A set that cannot be read any more costs the reference, not the run.

    Raises:
        Stopped: somebody asked for it.
    """

    def check(*_: int) -> None:
        check_stop(run)

    settings = run.settings()
    stages = [number for number in settings.stages if number in STAGES]
    missing = [number for number in stages if not run.reference_path(number).exists()]
    if settings.backbone != VGG19 or not run.publishes() or not missing:
        return
    try:
        dataset = open_dataset(settings.data, check)
        for number in missing:
            run.write_state(message=f"Keeping the training films as stage {number} sees them")
            keep_reference(run, number, dataset, check)
    except UserError as error:
        run.add_remark(f"Answers are not checked against films: {error}")


def end(run: Run, state: str, sentence: str, **more) -> None:
    """Write how a run ended, and when."""
    run.write_state(
        state=state,
        message=sentence,
        ended=time.time(),
        seconds_left=None,
        images_per_second=None,
        peak_memory=peak_memory(run),
        **more,
    )


def peak_memory(run: Run) -> int:
    """Bytes, of the greediest stage so far."""
    return max(run.status().peak_memory or 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
