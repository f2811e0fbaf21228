"""A run as one zip, packed while it is sent: nothing is written to disk and little is held in memory."""

from zipstream import ZipStream

from core.runs.folder import Run

EXCLUDED = ("lock", "stop", "process.json", "checkpoints")


def export_run(run: Run) -> ZipStream:
    """Settings, history, evaluation, predictions, weights, events, note and log, under the run's name.

    Returns:
        Iterable over the zip's bytes; its len() is their number.
    """
    stream = ZipStream(sized=True)
    for path in sorted(run.path.rglob("*")):
        inner = path.relative_to(run.path)
        if path.is_file() and inner.parts[0] not in EXCLUDED and not path.name.startswith("."):
            stream.add_path(path, f"{run.name}/{inner.as_posix()}")
    return stream
