"""Who uses the page, and what that user may do: a control that the role does not reach is not drawn."""

import getpass
from collections.abc import Callable

import streamlit as st

from core.roles import Role, may, needed_role, role_of
from pages.shared.texts import _

MEANINGS = {
    Role.READER: _("Looks at everything, reads images and records readings."),
    Role.TRAINER: _("Also trains, and changes and deletes runs and data sets."),
    Role.OWNER: _("Also decides which model answers."),
}
ENOUGH = {Role.TRAINER: _("trainer or owner"), Role.OWNER: _("owner")}  # by the least role that is


def signed_in_user() -> str:
    """Who is signed in: by e-mail address, name or identifier; without sign-in, who runs the server."""
    if not requires_sign_in():
        return getpass.getuser()
    return str(st.user.get("email") or st.user.get("preferred_username") or st.user["sub"])


def requires_sign_in() -> bool:
    """Whether users have to sign in: secrets.toml has a section [auth]."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def is_known() -> bool:
    """Whether the visitor has signed in, or sits at this computer: who may reach the PACS through the server.

    Behind a proxy on this computer everybody seems to sit at it: sign-in belongs there.
    """
    return requires_sign_in() or sits_here()


def sits_here() -> bool:
    """Whether the browser runs on this computer.

    Streamlit knows no address there, but neither of a browser that has just left, whose headers it has not.
    """
    here = st.context.ip_address is None
    return here and bool(st.context.headers)


def role_of_user() -> Role:
    """The role of who is signed in; without sign-in, everybody is an owner."""
    return role_of(st.user.to_dict()) if requires_sign_in() else Role.OWNER


def offered(action: Callable, title: str) -> bool:
    """Whether the user may do something; where not, says in its place who may.

    Args:
        action: a function that takes a role.
        title: what it does, as the subject of a sentence.
    """
    if may(action):
        return True
    sentence = _(
        "{title} requires the role of {roles}; yours is {role}. Ask the administrator of this server."
    ).format(title=title, roles=ENOUGH[needed_role(action)], role=role_of_user())
    st.caption(f":material/lock: {sentence}")
    return False
