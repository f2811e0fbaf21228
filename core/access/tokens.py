"""A token for each program that uses the API: only its digest is stored, and it can be revoked.

A token is 256 random bits, so a plain SHA-256 is enough: nobody can try them all.
"""

import hashlib
import json
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from core.atomic import changing, write_json
from core.config import environment, home
from core.disk import explained
from core.errors import UserError

ENVIRONMENT = environment.TOKEN.name  # the client that sends the token of this variable
PREFIX = "studio-"  # so that a token is recognised where it should not be
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Token:
    """What is stored of a token.

    Attributes:
        name: of the client that sends it.
        digest: SHA-256 of the token, hexadecimal.
        created: time, ISO 8601 with time zone.
        revoked: time from which it is refused; "" while it is valid.
    """

    name: str
    digest: str
    created: str
    revoked: str = ""


def tokens() -> list[Token]:
    """All tokens that were created, the revoked ones included, in this order.

    Raises:
        UserError: the file cannot be read.
    """
    path = _path()
    try:
        return [Token(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))["tokens"]]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise explained(error, path) from error
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"The tokens in {path} cannot be read, so none is accepted. Restore the file, or delete it and "
            "create the tokens again."
        ) from error


def create_token(name: str) -> str:
    """A new token for a client; it is not stored and cannot be shown again.

    Args:
        name: of the client: letters, digits, dots, hyphens and underscores.

    Raises:
        UserError: the name is not valid or has a valid token, or the file cannot be read or written.
    """
    if not NAME.fullmatch(name) or name == ENVIRONMENT:
        raise UserError(
            f"{name[:80]!r} cannot be the name of a client. Use up to 64 letters, digits, '.', '-' and '_'."
        )
    token = PREFIX + secrets.token_urlsafe(32)
    with changing(_path()):
        existing = tokens()
        if any(entry.name == name and not entry.revoked for entry in existing):
            raise UserError(f"{name} already has a token. Revoke it first, or use another name.")
        _save([*existing, Token(name, _digest(token), _now())])
    return token


def revoke_token(name: str) -> Token:
    """Refuse a client's token from now on.

    Raises:
        UserError: the client has no valid token, or the file cannot be read or written.
    """
    with changing(_path()):
        existing = tokens()
        valid = next((entry for entry in existing if entry.name == name and not entry.revoked), None)
        if valid is None:
            names = ", ".join(entry.name for entry in existing if not entry.revoked) or "none"
            raise UserError(f"{name[:80]!r} has no valid token; clients with one: {names}.")
        revoked = Token(valid.name, valid.digest, valid.created, _now())
        _save([revoked if entry is valid else entry for entry in existing])
    return revoked


def client_of(token: str) -> str | None:
    """The client that a token belongs to; None if it is not valid.

    Raises:
        UserError: the file cannot be read.
    """
    configured = environment.TOKEN.value()
    if configured and secrets.compare_digest(token.encode(), configured.encode()):
        return ENVIRONMENT
    digest = _digest(token)  # a digest may be compared at any speed: it does not lead back to the token
    return next((entry.name for entry in tokens() if entry.digest == digest and not entry.revoked), None)


def _path() -> Path:
    return home() / "tokens.json"


def _save(entries: list[Token]) -> None:
    write_json(_path(), {"tokens": [asdict(entry) for entry in entries]})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
