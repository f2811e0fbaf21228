"""Links that a page hands out: who has one may follow it until it ends, without signing in again.

A browser that downloads sends no token, and Streamlit keeps to itself who is signed in. A page is only shown
to those who may see it, so what it signs is proof enough.
"""

import os
import secrets
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

from core.atomic import TEMPORARY
from core.config import home
from core.errors import UserError

VALID_HOURS = 12
KEY = "link.key"  # in the home: all its servers accept each other's links


def signed(path: str) -> str:
    """The signature that opens `path`; to be sent with it.

    Args:
        path: of the link, as the server sees it.
    """
    return _signer().sign(path).decode().removeprefix(f"{path}.")


def check_signature(path: str, signature: str) -> None:
    """Accept a link.

    Raises:
        UserError: the signature is missing, of another link, or too old.
    """
    try:
        signed_path = _signer().unsign(f"{path}.{signature}", max_age=VALID_HOURS * 3600).decode()
        if signed_path != path:
            raise BadSignature(f"The signature is of {signed_path}.")
    except SignatureExpired as error:
        raise UserError(
            f"This link was valid for {VALID_HOURS} hours. Take a new one from the page."
        ) from error
    except BadSignature as error:
        raise UserError("This link is not valid. Take it from the page.") from error


def _signer() -> TimestampSigner:
    return TimestampSigner(_key(home() / KEY), salt="link")


@cache
def _key(path: Path) -> bytes:
    """The secret of a home; created by the first server. Where nothing can be written, this process's own."""
    key = secrets.token_bytes(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=TEMPORARY) as file:  # readable by its owner only
            file.write(key)
            file.flush()
            os.link(file.name, path)
    except FileExistsError:
        return path.read_bytes()
    except OSError:
        pass
    return key
