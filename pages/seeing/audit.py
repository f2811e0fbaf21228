"""The audit: one button, then each finding with its number, examples, reason and way out."""

import json
from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.dataset import Dataset, Finding, audit, choices, choose, report

EXAMPLES_SHOWN = 6
DOUBTED_SHOWN = 20


def show_audit(dataset: Dataset) -> None:
    """Offer the audit, or show what it found."""
    kept = st.session_state.setdefault("audits", {})
    if dataset.fingerprint not in kept:
        st.caption(
            "Looks for unreadable files, copies, patients in several splits, imbalance, odd images, and for "
            "what gives the class away without lungs. Takes about a minute for 5,000 films; changes nothing."
        )
        if not st.button("Audit this set", type="primary", icon=":material/fact_check:"):
            return
        bar = st.progress(0.0, "Looking ...")

        def show(done: int, total: int) -> None:
            bar.progress(done / total, f"Looking: {done} of {total}")

        kept[dataset.fingerprint] = audit(dataset, show)
        st.rerun()
    findings = kept[dataset.fingerprint]
    found = [finding for finding in findings if finding.count]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(found)} of {len(findings)} looks found something.**")
        st.download_button(
            "Report", report(dataset, findings), f"audit-{dataset.root.name}.md", icon=":material/download:"
        )
        as_json = json.dumps({finding.name: finding.to_json() for finding in findings}, indent=2)
        st.download_button("JSON", as_json, f"audit-{dataset.root.name}.json", icon=":material/download:")
        st.button("Audit again", icon=":material/refresh:", on_click=kept.pop, args=(dataset.fingerprint,))
    for finding in sorted(findings, key=lambda item: not item.count):
        _show(dataset, finding)


def _show(dataset: Dataset, finding: Finding) -> None:
    icon = ":material/warning:" if finding.count else ":material/check_circle:"
    with st.expander(f"{finding.title}: {finding.count:,}", icon=icon):
        if finding.count:
            st.markdown(f"{finding.why} *{finding.remedy}*")
        st.caption("  \n".join(finding.lines()))
        with st.container(horizontal=True, vertical_alignment="center"):
            _offer(dataset, finding)
        places = dict(zip(dataset.table["path"], range(len(dataset.table)), strict=True))
        singles = [path for path in finding.examples if isinstance(path, str) and path in places]
        rest = [item for item in finding.examples if item not in singles][:EXAMPLES_SHOWN]
        most = DOUBTED_SHOWN if finding.name == "suspicious_labels" else EXAMPLES_SHOWN
        for group in [singles[:most], *rest]:
            if not isinstance(group, list):
                st.caption(str(group))
            elif group:
                with st.container(horizontal=True):
                    for path in group:
                        st.image(dataset.pixels[places[path]], Path(path).name, width=128)


def _offer(dataset: Dataset, finding: Finding) -> None:
    """What can be done about a finding from here."""
    if finding.count and finding.problem:
        st.button(
            "Browse these films",
            key=f"browse-{finding.name}",
            icon=":material/grid_view:",
            on_click=_browse,
            args=(finding.problem,),
        )
    if finding.choice:
        key = f"choice-{dataset.fingerprint[:8]}-{finding.choice}"
        st.checkbox(
            "Leave them out of training",
            getattr(choices(dataset.root), finding.choice),
            key=key,
            help="Kept with the set: the training form and the terminal start from it, and every run's "
            "settings record it.",
            on_change=_choose,
            args=(dataset, finding.choice, key),
        )


def _browse(problem: str) -> None:
    st.session_state.update(section="Images", problem=problem, order="problem")


def _choose(dataset: Dataset, choice: str, key: str) -> None:
    choose(dataset.root, replace(choices(dataset.root), **{choice: st.session_state[key]}))
