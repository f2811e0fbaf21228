"""Links that a page hands out: who has one may follow it until it ends, without signing in again.

A browser that downloads sends no token, and Streamlit keeps to itself who is signed in. A page is only shown
to those who may see it, so what it signs is proof enough.
"""

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

from core.config import home_key
from core.errors import UserError
from core.sentence import Sentence

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
            Sentence(
                "This link was valid for {hours} hours. Take a new one from the page.", hours=VALID_HOURS
            )
        ) from error
    except BadSignature as error:
        raise UserError(Sentence("This link is not valid. Take it from the page.")) from error


def _signer() -> TimestampSigner:
    return TimestampSigner(home_key(KEY), salt="link")
