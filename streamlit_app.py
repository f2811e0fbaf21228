"""Page configuration, navigation and sidebar."""

from contextlib import suppress
from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitAuthError

from core import __version__
from core.dicom_node import node_status
from core.errors import UserError
from core.inference import NOTICE
from core.registry import active_model
from core.roles import ask_for_roles
from core.runs import jobs, open_run
from core.self_test import self_test_line
from pages.shared.failures import failures_shown, sentence
from pages.shared.markdown import escaped
from pages.shared.model_title import model_title
from pages.shared.run_notification import run_notification
from pages.shared.run_states import STATE_TITLES
from pages.shared.stored_texts import recognized
from pages.shared.texts import _, translated
from pages.shared.user import MEANINGS, requires_sign_in, role_of_user, signed_in_user

# A file of our own: a Material symbol as the icon of the browser's tab would be fetched from Google.
st.set_page_config(page_icon=Path(__file__).parent / "pages" / "icon.svg", layout="wide")

# Rarely: Streamlit may lose the end of what a click has drawn to a refresh that begins as that ends.
REFRESH_S, REFRESH_IN_TRAINING_S = 60, 5
IN_TRAINING = "in-training"  # in the session: the run that trained last, and the page that was open
PAGES = (
    ("diagnosis", _("Diagnosis"), "stethoscope"),
    ("comparison", _("Comparison"), "compare_arrows"),
    ("site", _("Your hospital"), "local_hospital"),
    ("training", _("Training"), "model_training"),
    ("dataset", _("Dataset"), "photo_library"),
)


def status(page_title: str) -> None:
    """Which model answers, the last self-test, what is being trained, and the DICOM node."""
    with failures_shown():
        answering_model()
        self_test()
        training(page_title)
        dicom_node()


def answering_model() -> None:
    """Which model answers."""
    active = active_model()
    if active is None:
        st.caption(_("No model answers"))
    elif active.model.bundled:
        st.caption(
            _(":material/deployed_code: Bundled model · stage {stage}").format(
                stage=active.model.stage.number
            )
        )
    else:
        title = escaped(model_title(active.model))
        st.caption(_(":material/deployed_code: Active model: {model}").format(model=title))
    if active and active.model.record.synthetic:
        st.badge(_("Model trained on SYNTHETIC data"), color="orange")


def self_test() -> None:
    """How the last self-test ended."""
    if line := self_test_line():
        st.caption(f":material/fact_check: {escaped(recognized(line))}")


def training(page_title: str) -> None:
    """The run in training; the browser's tab tells how far it is, and how it ended until a page is opened."""
    run = jobs.active_run()
    name, seen_on = st.session_state.get(IN_TRAINING, ("", ""))
    ended = ""
    if name and not (run and run.name == name):  # the next one may have begun since the last look
        with suppress(UserError):  # the run was deleted
            before = open_run(name)
            if not jobs.may_change(before):
                ended = f"{name} {STATE_TITLES[before.status().state]}"
    if run:
        progress = run.status()
        st.progress(progress.done, _("Training {name}").format(name=run.name))
        st.caption(escaped(progress.message))
        st.session_state[IN_TRAINING] = run.name, page_title
        st.set_page_config(page_title=f"{progress.done:.0%} {run.name} · {page_title}")
    elif seen_on != page_title:
        st.session_state.pop(IN_TRAINING, None)
    elif ended:
        st.set_page_config(page_title=f"{ended} · {page_title}")
    if run or ended:
        run_notification(run.name if run else "", name, ended)


def dicom_node() -> None:
    """Counts and problems of the DICOM node, if one was started."""
    try:
        counts = node_status()
    except UserError as error:
        st.caption(f":material/hub: {escaped(sentence(error))}")
        return
    if counts is None:
        return
    st.caption(
        _(
            ":material/hub: DICOM node: {received:,} received, {processed:,} processed, {delivered:,} "
            "delivered, {pending:,} pending, {failed:,} failed"
        ).format(
            received=counts.received,
            processed=counts.processed,
            delivered=counts.delivered,
            pending=counts.pending,
            failed=counts.failed,
        )
    )
    if counts.ignored or counts.in_shadow:
        st.caption(
            _("By rules: {ignored:,} ignored, {in_shadow:,} in shadow").format(
                ignored=counts.ignored, in_shadow=counts.in_shadow
            )
        )
    problems = [
        _("{count:,} failed: {reason}").format(count=count, reason=escaped(reason))
        for reason, count in counts.reasons.items()
    ]
    problems += [
        _("{count:,} given up: {reason}. `node retry` sends them once more.").format(
            count=count, reason=escaped(reason)
        )
        for reason, count in counts.refusals.items()
    ]
    problems += [
        _("{count:,} unexpected errors in {activity} in the last 24 hours").format(
            count=count, activity=activity
        )
        for activity, count in counts.errors.items()
    ]
    if counts.delivery_error:
        problems.insert(0, _("Delivery failed: {error}.").format(error=escaped(counts.delivery_error)))
    if problems:
        with st.expander(_("DICOM node problems")):
            for problem in problems:
                st.caption(problem)


def sign_in() -> None:
    """What a user sees before signing in."""
    st.title("Pneumonia studio")
    st.caption(_("Sign in to use this server. {notice}").format(notice=translated(NOTICE)))
    if st.button(_("Sign in"), type="primary", icon=":material/login:"):
        try:
            st.login()
        except StreamlitAuthError as error:
            reason = escaped(str(error))
            st.error(_("Sign-in failed. Tell the administrator of this server: {error}").format(error=reason))


def account() -> None:
    """Who is signed in, what the role may do, and the way out."""
    role = role_of_user()
    name = escaped(signed_in_user())
    st.caption(f":material/person: {name} · {role}", help=MEANINGS[role])
    st.button(_("Sign out"), icon=":material/logout:", on_click=st.logout)


def start_page() -> None:
    """Redirect to the first page: Streamlit gives the default page no URL of its own."""
    st.switch_page(pages[0])


ask_for_roles(role_of_user)
protected = requires_sign_in()
signed_out = protected and not st.user.get("is_logged_in")
pages = [
    st.Page(f"pages/{name}/page.py", title=title, icon=f":material/{icon}:", url_path=name)
    for name, title, icon in PAGES
]
page = st.navigation(
    [st.Page(start_page, default=True, visibility="hidden"), *pages],
    position="hidden" if signed_out else "sidebar",
)
if signed_out:
    sign_in()
    st.stop()
with st.sidebar:
    refresh_s = REFRESH_S if jobs.is_idle() else REFRESH_IN_TRAINING_S
    st.fragment(status, run_every=refresh_s)(page.title)
    st.caption(
        _("Version {version} · For research use only. Not a medical device.").format(version=__version__)
    )
    if protected:
        account()
with failures_shown():
    page.run()
