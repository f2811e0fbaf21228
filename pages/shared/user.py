"""Who uses the page."""

import getpass

import streamlit as st


def signed_in_user() -> str:
    """The e-mail address that the user signed in with; without sign-in, the user of this computer."""
    return str(st.user.get("email") or getpass.getuser())


def requires_sign_in() -> bool:
    """Whether users have to sign in: secrets.toml has a section [auth]."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets
