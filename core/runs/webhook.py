"""The webhook: one POST request that tells a program of the user's that a run has ended.

It holds the run's name, its state and a sentence, no path and nothing of the data.
"""

from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

from core.config import environment
from core.errors import UserError
from core.runs.folder import Run
from core.runs.status import RunStatus
from core.webhook_request import send_to_webhook


def tell_webhook(run: Run) -> None:
    """Tell the webhook, if there is one, how a run has ended; a failure becomes a sentence in the run's log.

    Raises:
        UserError: the run was deleted.
    """
    status = run.status()
    try:
        address = environment.WEBHOOK.value()
    except UserError:
        # Without its value, which may hold a secret: logs are downloaded with their run.
        _log(run, f"{environment.WEBHOOK.name} is not {environment.WEBHOOK.expected}; nobody was told.")
        return
    if not address:
        return
    content = {"run": run.name, "state": status.state, "text": ending(run.name, status)}
    reason = send_to_webhook(address, content)
    if reason:
        host = urlsplit(address).hostname
        _log(run, f"The webhook on {host} could not be told that the run {status.state}: {reason}.")


def ending(name: str, status: RunStatus) -> str:
    """How a run ended, in a sentence.

    >>> ending("first", RunStatus("failed", started=1000, ended=1090))
    'Run first failed after 0:01:30; the Training page says why.'
    """
    why = "; the Training page says why" if status.state in ("failed", "died") else ""
    return f"Run {name} {status.state} after {timedelta(seconds=int(status.seconds or 0))}{why}."


def _log(run: Run, sentence: str) -> None:
    with suppress(OSError), open(run.log_path, "a", encoding="utf-8") as log:
        log.write(f"{sentence}\n")
