"""Telling the webhook when the light has turned, and only then."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from core import atomic, config
from core.config import environment
from core.errors import UserError
from core.monitor.signals import GREEN, TOO_FEW
from core.monitor.watch import Watch
from core.webhook_request import send_to_webhook


def tell_change(watched: Watch) -> str:
    """Tell the webhook the light if it is not the one told last; what happened, in a sentence.

    A model of which nothing was told counts as green, and so does one with too few results. What could not be
    told is told by the next call.

    Raises:
        UserError: there is no webhook, it could not be told, or what was told cannot be kept.
    """
    address = environment.WEBHOOK.value()
    if not address:
        raise UserError(f"Nobody can be told: set {environment.WEBHOOK.name} to the address of a webhook.")
    light = GREEN if watched.light == TOO_FEW else watched.light
    before = _told(watched.model)
    if light == before:
        return f"The light was {light} before, so nobody was told."
    content = {"model": watched.model, "light": light, "before": before, "text": watched.headline()}
    host = urlsplit(address).hostname
    if reason := send_to_webhook(address, content):
        raise UserError(f"The webhook on {host} could not be told that the light is {light}: {reason}.")
    atomic.write_json(_path(), {"model": watched.model, "light": light})
    return f"The webhook on {host} was told that the light turned from {before} to {light}."


def _told(model: str) -> str:
    """The light that was last told of a model."""
    try:
        told = json.loads(_path().read_text(encoding="utf-8"))
        return told["light"] if told["model"] == model else GREEN
    except (OSError, ValueError, KeyError, TypeError):  # nothing yet, or damaged: told once more
        return GREEN


def _path() -> Path:
    return config.home() / "monitor-light.json"
