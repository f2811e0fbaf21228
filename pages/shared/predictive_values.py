"""What a prediction means at a prevalence that the reader chooses."""

import streamlit as st

from core import evaluation
from core.evaluation import percent
from pages.shared.stored_texts import recognized
from pages.shared.texts import _


def show_predictive_values(metrics: dict[str, dict], bind: bool) -> None:
    """PPV and NPV of models at a prevalence.

    Args:
        metrics: of `core.evaluation.evaluate`, by model name.
        bind: whether the address of the page holds the prevalence.
    """
    st.subheader(_("Predictive values at your prevalence"))
    prevalence = st.slider(
        _("Of 100 patients X-rayed, how many have pneumonia?"),
        1,
        99,
        20,
        key="prevalence",
        bind="query-params" if bind else None,
        width=420,
    )
    for name, values in metrics.items():
        if values["sensitivity"] is None or values["specificity"] is None:
            continue
        predictive = evaluation.predictive_values(
            values["sensitivity"], values["specificity"], prevalence / 100
        )
        if predictive is None:
            st.markdown(
                _("**{name}** predicts the same label for every image.").format(name=recognized(name))
            )
            continue
        ppv, npv = predictive
        st.markdown(
            _(
                "**{name}**: PPV {ppv}, NPV {npv}. Pneumonia is present in {positives} images predicted "
                "PNEUMONIA and in {negatives} predicted NORMAL."
            ).format(
                name=recognized(name),
                ppv=percent(ppv),
                npv=percent(npv),
                positives=_of_thousand(ppv),
                negatives=_of_thousand(1 - npv),
            )
        )


def _of_thousand(share: float) -> str:
    """A share in words; never none or all, which no model can promise."""
    return _("{count} of 1,000").format(count=min(max(round(1000 * share), 1), 999))
