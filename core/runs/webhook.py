"""The webhook: one POST request that tells a program of the user's that a run has ended.

It holds the run's name, its state and a sentence, no path and nothing of the data.
"""

import json
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPException
from urllib.parse import urlsplit

from core.config import environment
from core.errors import UserError
from core.runs.folder import Run
from core.runs.status import RunStatus

LIMIT_S = 10.0  # of the whole request: the next run of the queue waits for it


def tell_webhook(run: Run) -> None:
    """Tell the webhook, if there is one, how a run has ended; a failure becomes a sentence in the run's log.

    Returns after `LIMIT_S` at the latest.

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
    reasons: list[str] = []
    sender = threading.Thread(target=lambda: reasons.append(_post(address, content)), daemon=True)
    sender.start()
    sender.join(LIMIT_S)  # a time limit of urllib's is one of each read, of which there may be many
    reason = reasons[0] if reasons else f"no answer within {LIMIT_S:.0f} s"
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


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What is sent goes to the address that was set, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


def _post(address: str, content: dict[str, str]) -> str:
    """Send the content as JSON; returns why that failed, or ""."""
    request = urllib.request.Request(
        address, json.dumps(content).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=LIMIT_S):
            return ""
    except urllib.error.HTTPError as error:
        return f"it answered {error.code}"
    except OSError as error:  # URLError among them
        cause = getattr(error, "reason", error)
        return str(getattr(cause, "strerror", None) or cause)
    except (HTTPException, ValueError):
        return "its answer is not one of HTTP"


def _log(run: Run, sentence: str) -> None:
    with suppress(OSError), open(run.log_path, "a", encoding="utf-8") as log:
        log.write(f"{sentence}\n")
