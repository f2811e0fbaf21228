"""A run as one zip, made while it is sent: nothing is written to disk and little held in memory."""

from zipstream import ZipStream

from core.runs.run import Run

LEFT_OUT = ("lock", "stop", "process.json", "checkpoints")


def archive(run: Run) -> ZipStream:
    """Settings, history, evaluation, predictions, weights, events, note and log, under the run's name.

    Returns:
        Gives the zip's bytes piece by piece; its len() is their number.
    """
    stream = ZipStream(sized=True)
    for path in sorted(run.path.rglob("*")):
        inner = path.relative_to(run.path)
        if path.is_file() and inner.parts[0] not in LEFT_OUT and not path.name.startswith("."):
            stream.add_path(path, f"{run.name}/{inner.as_posix()}")
    return stream
