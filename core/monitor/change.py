"""Telling the webhook and by e-mail when the light has turned, and only then."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from core import atomic, config
from core.config import environment
from core.errors import UserError
from core.mail_message import mail_host, send_mail
from core.monitor.signals import GREEN, TOO_FEW
from core.monitor.watch import Watch
from core.sentence import Sentence, joined
from core.webhook_request import send_to_webhook

Sender = Callable[[dict[str, str]], str]  # takes what is told; returns why it could not be told, or ""


def tell_change(watched: Watch) -> str:
    """Tell webhook and mail server the light if it is not the one told last; what happened, in sentences.

    A model of which nothing was told counts as green, and so does one with too few results. What one of them
    could not be told is told by the next call, to that one alone.

    Raises:
        UserError: nobody is to be told, somebody could not or cannot be told, whatever the light, or what was
            told cannot be kept.
    """
    senders, failures = _senders()
    if not senders and not failures:
        names = f"{environment.WEBHOOK.name} or {environment.MAIL_SERVER.name}"
        raise UserError(
            Sentence(
                "Nobody can be told: set {names} to the address of a webhook or of an SMTP server.",
                names=names,
            )
        )
    light = GREEN if watched.light == TOO_FEW else watched.light
    told, sentences = _told(watched.model), []
    for title, send in senders.items():
        before = told.get(title, GREEN)
        content = {"model": watched.model, "light": light, "before": before, "text": watched.headline()}
        if light == before:
            sentences.append(f"The light was {light} before, so {title} was not told.")
        elif reason := send(content):
            failures.append(f"{title.capitalize()} could not be told that the light is {light}: {reason}.")
        else:
            told[title] = light
            atomic.write_json(_path(), {"model": watched.model, "told": told})
            sentences.append(f"{title.capitalize()} was told that the light turned from {before} to {light}.")
    if failures:
        raise UserError(joined([*failures, *sentences], " "))
    return " ".join(sentences)


def _senders() -> tuple[dict[str, Sender], list[str]]:
    """What tells somebody, by what it is called; and why what is set besides cannot, one sentence each."""
    senders: dict[str, Sender] = {}
    failures = []
    try:
        if address := environment.WEBHOOK.value():
            senders[_webhook_title(address)] = lambda content: send_to_webhook(address, content)
    except UserError as error:
        failures.append(str(error))
    try:
        if host := mail_host():
            senders[f"the mail server {host}"] = _mail
    except UserError as error:
        failures.append(str(error))
    return senders, failures


def _webhook_title(address: str) -> str:
    return f"the webhook on {urlsplit(address).hostname}"


def _mail(content: dict[str, str]) -> str:
    """Send an e-mail; returns why that failed, or ""."""
    subject = f"Pneumonia studio: the light turned from {content['before']} to {content['light']}"
    text = f"{content['text']}\n\nModel: {content['model']}\nAll figures: python -m core site watch\n"
    return send_mail(subject, text)


def _told(model: str) -> dict[str, str]:
    """The light that was last told of a model, by what told it."""
    try:
        content = json.loads(_path().read_text(encoding="utf-8"))
        if content["model"] != model:
            return {}
        if "light" in content:  # written when there was no e-mail: to whatever webhook there is
            return {_webhook_title(environment.WEBHOOK.value()): content["light"]}
        return dict(content["told"])
    except (OSError, ValueError, KeyError, TypeError, UserError):  # nothing yet, or damaged: told once more
        return {}


def _path() -> Path:
    return config.home() / "monitor-light.json"
