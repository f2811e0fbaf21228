"""The audit: one button, then each finding with its count, examples, reason and remedy."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.anatomy import possible_lung_checks
from core.dataset import Dataset, Finding, audit, read_exclusions, report, save_exclusions
from core.roles import may
from pages.dataset.lungs import lung_progress
from pages.shared.charts import offer_json
from pages.shared.failures import failures_told
from pages.shared.first_value import set_widgets
from pages.shared.markdown import escaped
from pages.shared.texts import _, translated

MAX_EXAMPLES = 6
MAX_SUSPICIOUS = 20


def show_audit(dataset: Dataset) -> None:
    """Offer the audit, or show its findings."""
    audits = st.session_state.setdefault("audits", {})
    if dataset.fingerprint not in audits:
        st.caption(
            _(
                "Checks for unreadable files, copies, patients in several splits, class imbalance, "
                "unusual images, implausible lungs, and shortcuts that predict the class. Takes about "
                "two minutes for 5,000 images and changes no image."
            )
        )
        if not st.button(_("Run the audit"), type="primary", icon=":material/fact_check:"):
            return
        with lung_progress() as progress:
            lung_checks, left_out = possible_lung_checks(dataset, progress)
        bar = st.progress(0.0, _("Auditing ..."))
        findings = audit(
            dataset,
            lambda done, total: bar.progress(
                done / total, _("Check {done} of {total} done").format(done=done, total=total)
            ),
            lung_checks,
        )
        audits[dataset.fingerprint] = findings, left_out
        st.rerun()
    findings, left_out = audits[dataset.fingerprint]
    if left_out:
        st.warning(escaped(left_out), icon=":material/warning:")
    issues = sum(finding.count > 0 for finding in findings)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            _("**{count} of {total} checks found issues.**").format(count=issues, total=len(findings))
        )
        text = report(dataset, findings, left_out)
        st.download_button(_("Report"), text, f"audit-{dataset.root.name}.md", icon=":material/download:")
        offer_json({finding.name: finding.to_json() for finding in findings}, f"audit-{dataset.root.name}")
        st.button(
            _("Run again"), icon=":material/refresh:", on_click=audits.pop, args=(dataset.fingerprint, None)
        )
    for finding in sorted(findings, key=lambda item: not item.count):
        _show_finding(dataset, finding)


def _show_finding(dataset: Dataset, finding: Finding) -> None:
    icon = ":material/warning:" if finding.count else ":material/check_circle:"
    with st.expander(f"{translated(finding.title)}: {finding.count:,}", icon=icon):
        if finding.count:
            st.markdown(f"{translated(finding.why)} *{translated(finding.remedy)}*")
        lines = list(map(translated, finding.lines())) or ([] if finding.count else [_("No issues found.")])
        st.caption("  \n".join(lines))
        with st.container(horizontal=True, vertical_alignment="center"):
            _show_actions(dataset, finding)
        _show_examples(dataset, finding)


def _show_examples(dataset: Dataset, finding: Finding) -> None:
    """Images of single paths in one line, of groups in a line each; other examples as a line of text."""
    row_of = dict(zip(dataset.table["path"], range(len(dataset.table)), strict=True))
    limit = MAX_SUSPICIOUS if finding.name == "suspicious_labels" else MAX_EXAMPLES
    paths = [path for path in finding.examples if isinstance(path, str) and path in row_of]
    others = [item for item in finding.examples if item not in paths][:MAX_EXAMPLES]
    if texts := [item for item in others if isinstance(item, str)]:
        st.caption(_("Affected: {examples}").format(examples=", ".join(map(translated, texts))))
    for group in [paths[:limit], *(item for item in others if isinstance(item, list))]:
        if group:
            with st.container(horizontal=True):
                for path in group:
                    st.image(dataset.pixels[row_of[path]], Path(path).name, width=128)


def _show_actions(dataset: Dataset, finding: Finding) -> None:
    """What can be done about a finding from here."""
    if finding.count and finding.issue:
        st.button(
            _("Browse these images"),
            key=f"browse-{finding.name}",
            icon=":material/grid_view:",
            on_click=_browse,
            args=(finding.issue,),
        )
    if finding.exclusion and may(save_exclusions):
        key = f"exclusion-{dataset.fingerprint[:8]}-{finding.exclusion}"
        st.checkbox(
            _("Leave them out of training"),
            getattr(read_exclusions(dataset.root), finding.exclusion),
            key=key,
            help=_(
                "Saved with the data set as the default for the training form and the terminal; each run "
                "records it in its settings."
            ),
            on_change=failures_told(_save_exclusion),
            args=(dataset, finding.exclusion, key),
        )


def _browse(issue: str) -> None:
    set_widgets(section="Images", issue=issue, order="issue")


def _save_exclusion(dataset: Dataset, exclusion: str, key: str) -> None:
    exclusions = replace(read_exclusions(dataset.root), **{exclusion: st.session_state[key]})
    save_exclusions(dataset.root, exclusions)
