"""Who may do what on a server where people sign in: each role may do what those before it may.

A function that changes something for everybody names the role it takes where it is defined, and refuses
others. Pages ask `may` before they draw a control for it. Whoever runs a program in a terminal is an owner.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from core.config import environment
from core.errors import UserError
from core.sentence import Sentence

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


class Role(IntEnum):
    """What somebody may do, the least first."""

    READER = 1
    TRAINER = 2
    OWNER = 3

    def __str__(self) -> str:
        return self.name.lower()


_needed: dict[Callable, Role] = {}


def _of_a_program() -> Role:
    return Role.OWNER


_role_of_caller = _of_a_program


def ask_for_roles(role_of_caller: Callable[[], Role]) -> None:
    """Let a server say which role the person has for whom a thread works."""
    global _role_of_caller
    _role_of_caller = role_of_caller


def takes(role: Role) -> Callable[[Callable[Given, Returned]], Callable[Given, Returned]]:
    """Reserve a function for a role and those above it; for all others it raises UserError."""

    def reserved(action: Callable[Given, Returned]) -> Callable[Given, Returned]:
        @wraps(action)
        def checked(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
            if not may(checked):
                raise UserError(_refusal(checked))
            return action(*args, **kwargs)

        _needed[checked] = role
        return checked

    return reserved


def may(action: Callable) -> bool:
    """Whether the caller's role is enough for a function that `takes` one."""
    return _role_of_caller() >= needed_role(action)


def needed_role(action: Callable) -> Role:
    """The least role that is enough for a function that `takes` one."""
    return _needed[action]


def _refusal(action: Callable) -> str:
    enough = " or ".join(str(role) for role in Role if role >= needed_role(action))
    return Sentence(
        "This requires the role of {enough}; yours is {role}. Ask the administrator of this server.",
        enough=enough,
        role=str(_role_of_caller()),
    )


def role_of(claims: Mapping[str, Any]) -> Role:
    """The highest role that lists and claim give to somebody; a reader's if none does.

    Args:
        claims: of the ID token that the OpenID provider issued.
    """
    return max(_roles(claims), default=Role.READER)


def _roles(claims: Mapping[str, Any]) -> Iterator[Role]:
    claim = claims.get(environment.ROLE_CLAIM.value())
    values = claim if isinstance(claim, list | tuple) else [claim]
    named = {value.lower() for value in values if isinstance(value, str)}  # providers send other things, too
    yield from (role for role in Role if str(role) in named)
    if str(claims.get("email_verified")).lower() == "false":  # anybody could have given this address
        return
    for role, addresses in ((Role.TRAINER, environment.TRAINERS), (Role.OWNER, environment.OWNERS)):
        if str(claims.get("email", "")).lower() in addresses.value():
            yield role
