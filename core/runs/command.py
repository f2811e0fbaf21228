"""The command line that starts a run with the same settings as the page does."""

import json
import shlex

from core.config import STAGES, TrainingSettings


def command_line(settings: TrainingSettings, chosen: dict[str, bool]) -> str:
    """`python -m core train ...`, ready to be copied into a shell.

    Args:
        settings: of the run.
        chosen: settings that the terminal would take from the data set (`core.dataset.Choices`).
    """
    words = ["python", "-m", "core", "train", "--data", settings.data, "--preset", settings.preset]
    if settings.stages == tuple(STAGES):
        words += ["--stage", "all"]
    else:
        words += [word for stage in settings.stages for word in ("--stage", str(stage))]
    words += ["--weights", settings.weights]
    otherwise = {name: getattr(settings, name) for name in chosen if getattr(settings, name) != chosen[name]}
    for name, value in (settings.differences() | otherwise).items():
        words += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    return shlex.join(words)
