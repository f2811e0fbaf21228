"""Page config, navigation, sidebar status: nothing else."""

from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitAuthError

from core.diagnosis import available_models, node_status
from core.errors import UserError
from core.runs import jobs

# A file of our own: a Material symbol as the icon of the browser's tab would be fetched from Google.
st.set_page_config(page_icon=Path(__file__).parent / "pages" / "icon.svg", layout="wide")

PAGES = (
    ("diagnosis", "Diagnosis", "stethoscope"),
    ("comparison", "Comparison", "compare_arrows"),
    ("training", "Training", "model_training"),
    ("dataset", "Dataset", "photo_library"),
)


@st.fragment(run_every=5)
def status() -> None:
    """Which models are at hand and what is training."""
    models = available_models()
    ready = ", ".join(str(model.stage.number) for model in models)
    what = "Model that came along: stage" if ready and models[0].shipped else "Trained stages:"
    st.caption(f":material/deployed_code: {what} {ready}" if ready else "No trained model yet")
    if any(model.record.synthetic for model in models):
        st.badge("Model trained on SYNTHETIC data", color="orange")
    if run := jobs.active_run():
        where = run.status()
        st.progress(where.done, f"Training {run.name}")
        st.caption(where.message)
    node()


def node() -> None:
    """What the DICOM node has done, where one was started."""
    try:
        found = node_status()
    except UserError as error:
        st.caption(f":material/hub: {error}")
        return
    if found is None:
        return
    st.caption(
        f":material/hub: DICOM node: {found.received:,} received, {found.judged:,} judged, "
        f"{found.delivered:,} delivered, {found.waiting:,} waiting, {found.failed:,} failed"
    )
    troubles = [f"{count:,} failed: {reason}" for reason, count in found.reasons.items()]
    if found.trouble:
        troubles.insert(0, f"Not returned yet: {found.trouble}.")
    if troubles:
        with st.expander("What went wrong at the node"):
            for trouble in troubles:
                st.caption(trouble)


def asks_who_you_are() -> bool:
    """Whether whoever runs the server wants visitors to sign in: secrets.toml has a section [auth]."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def sign_in() -> None:
    """What a visitor sees before she has signed in."""
    st.title("Pneumonia studio")
    st.caption("This server asks who you are. Research software, not a medical device.")
    if st.button("Sign in", type="primary", icon=":material/login:"):
        try:
            st.login()
        except StreamlitAuthError as error:
            st.error(f"Tell whoever runs this server that nobody can sign in: {error}")


def start_page() -> None:
    """A page that is the default answers to no name of its own; so none of the four is the default."""
    st.switch_page(pages[0])


asks = asks_who_you_are()
stranger = asks and not st.user.get("is_logged_in")
pages = [st.Page(f"pages/{name}.py", title=title, icon=f":material/{icon}:") for name, title, icon in PAGES]
page = st.navigation(
    [st.Page(start_page, default=True, visibility="hidden"), *pages],
    position="hidden" if stranger else "sidebar",
)
if stranger:
    sign_in()
    st.stop()
with st.sidebar:
    status()
    st.caption("Research software, not a medical device.")
    if asks:
        st.button("Sign out", icon=":material/logout:", on_click=st.logout)
page.run()
