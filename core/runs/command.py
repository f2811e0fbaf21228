"""The command line that starts a run with the same settings as the page does."""

import json
import shlex
from typing import Any

from core.config import STAGES, TrainingSettings, differences


def command_line(settings: TrainingSettings, defaults: dict[str, Any]) -> str:
    """`python -m core train ...`, ready to paste into a shell.

    Args:
        settings: of the run.
        defaults: settings that the command line takes from the data set, by name
            (`core.dataset.settings_of_new_runs`).
    """
    words = ["python", "-m", "core", "train", "--data", settings.data, "--preset", settings.preset]
    if settings.stages == tuple(STAGES):
        words += ["--stage", "all"]
    else:
        words += [word for stage in settings.stages for word in ("--stage", str(stage))]
    words += ["--weights", settings.weights]
    changed = {
        name: getattr(settings, name) for name in defaults if getattr(settings, name) != defaults[name]
    }
    for name, value in (differences(settings) | changed).items():
        words += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    return shlex.join(words)
