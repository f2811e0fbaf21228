"""The audit: one button, then each finding with its number, examples, reason and way out."""

import json
from pathlib import Path

import streamlit as st

from core.dataset import Dataset, Finding, audit, report

EXAMPLES_SHOWN = 6


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
    for finding in sorted(findings, key=lambda item: not item.count):
        _show(dataset, finding)


def _show(dataset: Dataset, finding: Finding) -> None:
    icon = ":material/warning:" if finding.count else ":material/check_circle:"
    with st.expander(f"{finding.title}: {finding.count:,}", icon=icon):
        if finding.count:
            st.markdown(f"{finding.why} *{finding.remedy}*")
        for name, value in finding.facts.items():
            if isinstance(value, dict):
                value = ", ".join(f"{key} {item}" for key, item in value.items())
            shown = f"{value:.3f}" if isinstance(value, float) else value
            st.caption(f"{name.replace('_', ' ')}: {'too few images to tell' if value is None else shown}")
        places = dict(zip(dataset.table["path"], range(len(dataset.table)), strict=True))
        for example in finding.examples[:EXAMPLES_SHOWN]:
            paths = [path for path in (example if isinstance(example, list) else [example]) if path in places]
            if not paths:
                st.caption(str(example))
                continue
            with st.container(horizontal=True):
                for path in paths:
                    st.image(dataset.pixels[places[path]], Path(path).name, width=128)
