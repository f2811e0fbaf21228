"""Page config, navigation, sidebar status: nothing else."""

import streamlit as st

from core.diagnosis import available_models
from core.runs import jobs

st.set_page_config(page_icon=":material/pulmonology:", layout="wide")

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
    st.caption(f":material/deployed_code: Trained stages: {ready}" if ready else "No trained model yet")
    if any(model.record.synthetic for model in models):
        st.badge("Model trained on SYNTHETIC data", color="orange")
    if run := jobs.active_run():
        where = run.status()
        st.progress(where.done, f"Training {run.name}")
        st.caption(where.message)


def start_page() -> None:
    """A page that is the default answers to no name of its own; so none of the four is the default."""
    st.switch_page(pages[0])


pages = [st.Page(f"pages/{name}.py", title=title, icon=f":material/{icon}:") for name, title, icon in PAGES]
page = st.navigation([st.Page(start_page, default=True, visibility="hidden"), *pages])
with st.sidebar:
    status()
    st.caption("Research software, not a medical device.")
page.run()
