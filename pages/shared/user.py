"""Who uses the page."""

import getpass

import streamlit as st


def signed_in_user() -> str:
    """The e-mail address that the user signed in with; without sign-in, the user of this computer."""
    return str(st.user.get("email") or getpass.getuser())
