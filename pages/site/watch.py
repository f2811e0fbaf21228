"""Keeping watch: whether the active model's results in the audit log stay as they were."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.figures.monitor import control_charts
from core.inference import AvailableModel
from core.monitor import AMBER, GREEN, RED, SHARES, Watch, compare_with_reports, watch
from core.site import LocalImages, measured_set
from pages.shared.charts import choose_format, draw, offer_csv, offer_json
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.model_title import model_title
from pages.shared.tables import show_table
from pages.shared.texts import _, translated


def show_watch(active: AvailableModel, local: LocalImages | None) -> None:
    """The light with its reason, shares by day and every signal; then the log beside labels that came later.

    Args:
        active: the model that answers now.
        local: images with their labels; None if none are chosen.
    """
    try:
        measured = measured_set(active.identity)
        watched = watch(str(active.identity), temperature=active.record.temperature, measured=measured)
        compared = compare_with_reports(local, watched.model) if local else None
    except UserError as error:
        show_error(error)
        return
    _show_light(watched)
    if watched.rows is None:
        return
    _show_days(watched, model_title(active))
    st.subheader(_("Labels that came later"))
    if compared is None:
        st.caption(_("Such as those of reports: choose a folder or table of images with their labels above."))
    else:
        shown = replace(compared, model=model_title(active))
        st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in shown.sentences()))


def _show_days(watched: Watch, model: str) -> None:
    """What was compared with what, and the charts."""
    st.caption(
        _(
            "The results of {model} in the audit log. {compared} It shows that something has changed, not "
            "whether results are right."
        ).format(model=escaped(model), compared=escaped(translated(watched.baseline())))
    )
    assert watched.rows is not None
    if watched.rows.days.empty:
        return
    choose_format()
    shares: dict[str, pd.DataFrame] = {title: watched.control_limits(name) for name, title in SHARES.items()}
    draw(control_charts(watched.rows.days, shares), "watch-by-day")
    if watched.signals:
        with st.expander(_("What is watched")):
            show_table(_table(watched))
    with st.container(horizontal=True):
        offer_csv(watched.rows.days, "watch-by-day")
        offer_json(watched.values(), "watch")


def _show_light(watched: Watch) -> None:
    """The light, its reason, and what else there is to say."""
    shown, icon = {
        GREEN: (st.success, ":material/check_circle:"),
        AMBER: (st.warning, ":material/warning:"),
        RED: (st.error, ":material/report:"),
    }.get(watched.light, (st.info, ":material/hourglass_empty:"))
    shown(escaped(watched.headline()), icon=icon)
    if sentences := watched.sentences():
        st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in sentences))


def _table(watched: Watch) -> pd.DataFrame:
    """Every signal in the last two blocks."""
    rows = [
        (translated(signal.title), signal.light, translated(signal.detail())) for signal in watched.signals
    ]
    return pd.DataFrame(rows, columns=["", _("Light"), _("Larger deviation of the last two blocks")])
