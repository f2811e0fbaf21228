"""Who may use the server beside its pages: tokens of programs, their rate, and links that end."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.access.links import check_signature, signed
    from core.access.rate import waiting_seconds
    from core.access.tokens import ENVIRONMENT, Token, client_of, create_token, revoke_token, tokens

__all__ = [
    "ENVIRONMENT",
    "Token",
    "check_signature",
    "client_of",
    "create_token",
    "revoke_token",
    "signed",
    "tokens",
    "waiting_seconds",
]

open_door(__name__)
