"""Saving what was found for a hospital as a version of the active model."""

from collections.abc import Callable

import streamlit as st

from core.errors import UserError
from core.registry import RegisteredModel, answering_registered_model
from core.site import SiteMeasurement, SitePoint, SiteTemperature, SiteZones, keep_measured_set
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.model_title import model_title
from pages.shared.texts import _
from pages.shared.user import offered, signed_in_user
from pages.site.ahead import get_ready_to_promote, get_ready_to_save

SAVED = "site-versions"  # in the session: what was saved here, and as which version
Found = SitePoint | SiteTemperature | SiteZones
HELP = _("Registers the active model with it and what it rests on. It answers once it is promoted.")


@st.fragment  # so that the page is not drawn anew
def offer_version(
    evidence: Found,
    measurement: SiteMeasurement,
    register: Callable[[str], RegisteredModel],
    permission: Callable,
) -> None:
    """A button that registers a version once, and how it comes to answer.

    Args:
        evidence: what is saved.
        measurement: that it was found on; its images are kept for the monitor.
        register: registers a version of the model of a title.
        permission: the function of the registry that not everybody may call.
    """
    if not offered(permission, _("Saving a version")):
        return
    check = evidence.values()["check"]
    if not check["passed"]:
        sentence = _(
            "A check before promotion fails: {title}. Whoever overrides it gives a reason, and the model "
            "becomes a further version whose every result says so."
        ).format(title=check["title"])
        st.warning(escaped(sentence), icon=":material/warning:")
    saved = st.session_state.setdefault(SAVED, [])
    title = next((title for earlier, title in saved if earlier == evidence), "")
    outcome = st.empty()
    if not title and outcome.button(_("Save as a version"), icon=":material/save:", help=HELP):
        title = _save(evidence, measurement, register, saved)
    if title:
        sentence = _("Registered as {title}. It answers once it is promoted on the Comparison page.").format(
            title=title
        )
        outcome.success(escaped(sentence), icon=":material/check:")
    else:
        get_ready_to_save()


def _save(
    evidence: Found,
    measurement: SiteMeasurement,
    register: Callable[[str], RegisteredModel],
    saved: list[tuple[Found, str]],
) -> str:
    """Register a version and note it as saved; its title, or "" once it is said why there is none."""
    active, user, title = answering_registered_model(), signed_in_user(), ""
    try:
        if active is None or str(active.model.identity) != evidence.model:
            raise UserError(_("The measured model is no longer active. Measure the one that is."))
        version = register(active.title)
        # Noted at once: a click that came meanwhile ends this run as soon as it looks at the session.
        title = model_title(version.model)
        saved.append((evidence, title))
        keep_measured_set(measurement, version.model.identity, user)
        get_ready_to_promote(version)
    except UserError as error:
        show_error(error)
    return title
