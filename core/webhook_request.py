"""One POST request to the address that the user has set, whatever it tells; and how long telling may take."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException

LIMIT_S = 10.0  # of the whole request: whoever sends it waits for it


def send_to_webhook(address: str, content: dict[str, str]) -> str:
    """Send the content as JSON; returns why that failed, or "", after `LIMIT_S` at the latest."""
    return in_time(lambda: _post(address, content))


def in_time(send: Callable[[], str]) -> str:
    """Why a function could not tell something, as it returns it, or that it took too long; "" if it could."""
    reasons: list[str] = []
    sender = threading.Thread(target=lambda: reasons.append(send()), daemon=True)
    sender.start()
    sender.join(LIMIT_S)  # a time limit of a connection is one of each read, of which there may be many
    return reasons[0] if reasons else f"no answer within {LIMIT_S:.0f} s"


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
