"""The self-test section: whether this computer gives the recorded answers; the result as JSON and PDF."""

import json

import streamlit as st

from core.comparison import ModelComparison
from core.errors import UserError
from core.self_test import SelfTest, last_self_test, run_self_test, self_test_pdf
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.stored_texts import recognized
from pages.shared.texts import _, translated

ICONS = {
    "passed": ":green[:material/check_circle:]",
    "failed": ":red[:material/cancel:]",
    "not checked": ":gray[:material/help:]",
}


def show_self_test(_comparison: ModelComparison) -> None:
    """Run the self-test on demand; show and offer its last result."""
    st.caption(
        _(
            "Sends the golden images of the model that answers through a file, the API and a DICOM node, "
            "and checks libraries, precision, disk, clock, permissions and memory. A model that no "
            "longer gives its recorded probabilities does not answer any more. Every server tests itself "
            "when it starts."
        )
    )
    by = st.text_input(
        _("Signed by"), key="self-test-by", max_chars=100, width=320, help=_("May stay empty.")
    )
    if st.button(_("Run self-test"), type="primary", icon=":material/fact_check:"):
        with st.status(_("Testing ...")) as status:
            try:
                result = run_self_test(by, lambda name: status.update(label=f"{translated(name)} ..."))
            except UserError as error:
                status.update(label=_("The self-test could not be run."), state="error")
                show_error(error)
                return
            status.update(label=_("Self-test finished."), state="complete")
        st.session_state["self-test"] = result  # the home may not be writable
    result = _latest(st.session_state.get("self-test"), last_self_test())
    if result:
        _show(result)


def _latest(*results: SelfTest | None) -> SelfTest | None:
    return max((result for result in results if result), key=lambda result: result.time, default=None)


def _show(result: SelfTest) -> None:
    """A result with its downloads."""
    if result.passed:
        st.success(
            _("Passed at {moment}, in {seconds:.0f} s.").format(moment=result.moment, seconds=result.seconds),
            icon=":material/check_circle:",
        )
    else:
        names = ", ".join(recognized(check.name) for check in result.failed)
        st.error(
            _("Failed at {moment}: {names}.").format(moment=result.moment, names=escaped(names)),
            icon=":material/error:",
        )
    for check in result.checks:
        name, figure = recognized(check.name), escaped(recognized(check.figure))
        st.markdown(f"{ICONS[check.outcome]} **{name}** · {figure}  \n{escaped(recognized(check.sentence))}")
    st.caption(_("SHA-256 of the result: `{sha256}`").format(sha256=result.sha256))
    with st.container(horizontal=True):
        st.download_button(
            "PDF", self_test_pdf(result), "self-test.pdf", "application/pdf", icon=":material/picture_as_pdf:"
        )
        content = json.dumps(result.to_json(), indent=2, ensure_ascii=False)
        st.download_button(
            "JSON", content, "self-test.json", "application/json", icon=":material/data_object:"
        )
