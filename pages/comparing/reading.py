"""What the models may be reading besides lungs: baselines without lungs, and films with parts hidden."""

import pandas as pd
import streamlit as st

from core.config import THRESHOLD
from core.errors import UserError
from core.evaluation import evaluate
from core.figures import comparison as figures
from core.study import Study, look_again, loss_table, losses
from pages.choosing import opened
from pages.comparing.pictures import draw


def reading(study: Study) -> None:
    """The baselines as a table, then what hiding the frame or the corners costs each model."""
    st.subheader("What can be told without lungs")
    if study.baselines:
        rows = {
            model.name: evaluate(
                model.labels, model.probabilities, study.thresholds.get(model.name, THRESHOLD)
            )
            for model in [*study.models, *study.baselines]
        }
        shown = pd.DataFrame(rows).T[["auc", "recall", "specificity"]].astype(float)
        shown.columns = ["ROC AUC", "sensitivity", "specificity"]
        st.dataframe(shown.style.format("{:.3f}", na_rep="–"), width="content")
        st.caption(
            "*No lungs*: gradient boosting on the corners, the frame or the histogram of the same training "
            "films. A model that is not better may not read lungs."
        )
    else:
        st.caption("This run kept no baselines; runs that are trained now do.")
    st.subheader("What is lost when a part is hidden")
    offer_second_look(study)
    table = loss_table(losses(study))
    if table.empty:
        return
    drawn = table.dropna(subset="difference")
    if len(drawn):
        draw(figures.masked_differences(drawn), "masked")
    st.dataframe(table.style.format(precision=3, na_rep="–"), hide_index=True)
    st.caption(
        "The outer 15 % of each side, or a quarter of the side in each corner, is replaced by the mean grey "
        "of the rest. The threshold stays. 95 % intervals and p by DeLong's test, not corrected for several "
        "looks. No lung lies in the corners: a model that loses much there has read something else. But a "
        "film with a grey frame is unlike all it was trained on, so a part of a loss may be surprise."
    )
    csv = table.to_csv(index=False).encode()
    st.download_button("CSV", csv, f"hidden-{study.split}.csv", icon=":material/download:")


def offer_second_look(study: Study) -> bool:
    """A button that asks the models again which have not been; whether any has been already."""
    known = [item for item in study.candidates if item.can_be_asked]
    missing = [item for item in known if item.run.second_look(item.stage, study.split) is None]
    if missing and st.button(
        f"Ask {len(missing)} of {len(study.candidates)} models again",
        icon=":material/visibility:",
        help="Takes some 90 milliseconds a film and model, and is kept with the run.",
    ):
        bar = st.progress(0.0, "Asking ...")
        try:
            for place, candidate in enumerate(missing):

                def show(done: int, total: int, place: int = place, name: str = candidate.name) -> None:
                    bar.progress((place + done / total) / len(missing), f"Asking {name}: {done} of {total}")

                look_again(candidate, study.split, opened(candidate.data), show)
        except UserError as error:
            st.error(str(error), icon=":material/error:")
            return False
        st.rerun()
    return len(missing) < len(known)
