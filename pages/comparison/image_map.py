"""The map section: images in a model's last hidden layer, selectable with a lasso."""

import numpy as np
import pandas as pd
import streamlit as st

from core.comparison import ModelComparison, image_map
from core.config import CLASS_NAMES, POSITIVE
from core.figures.image_map import image_map as map_figure
from pages.comparison.gallery import show_gallery
from pages.comparison.shortcuts import offer_occlusion_test
from pages.shared.charts import choose_format, draw
from pages.shared.one_of import one_of
from pages.shared.texts import _

COLORS = {
    "label": _("label"),
    "cause": _("cause"),
    "error": _("error"),
    "models that are wrong": _("models that are wrong"),
}


def show_map(comparison: ModelComparison) -> None:
    """A choice of model and colour, the map, and the images selected in it."""
    if not offer_occlusion_test(comparison):
        st.caption(_("Run the occlusion test first: it saves the activations that the map shows."))
        return
    left, right = st.columns(2)
    names = [stage.name for stage in comparison.stages]
    with left:
        name = one_of(
            _("Model"), {name: name for name in names}, default=names[0], key="map-model", wrap=True
        )
    with right:
        color = one_of(_("Colour by"), COLORS, default="label", key="map-colour", wrap=True)
    index = names.index(name)
    mapped = image_map(comparison.stages[index], comparison.models[index], comparison.split)
    if mapped is None:
        st.caption(_("{name} has no occlusion test yet, or fewer than three images here.").format(name=name))
        return
    table, shares = mapped
    figure = map_figure(table, _groups(comparison, table, color, name), shares)
    drawn = draw(figure, f"map-{name}", on_select="rerun", selection_mode=("points", "lasso", "box"))
    choose_format()
    selected = {point["customdata"][0] for point in drawn.selection["points"]}
    if selected:
        images = table[table["path"].isin(selected)]
        show_gallery(images, comparison.stages, _("as selected"), f"selected-{name}")
    else:
        st.caption(
            _(
                "Draw a line around images, or click one, to see them. Images that lie close together "
                "look similar to the model."
            )
        )


def _groups(comparison: ModelComparison, table: pd.DataFrame, color: str, name: str) -> pd.Series:
    """What each image is coloured by, (n,)."""
    if color in ("label", "cause"):
        return table[color]
    wrong = {model.name: model.wrong_at(comparison.thresholds[model.name]) for model in comparison.models}
    if color == "error":
        kinds = np.where(table["label"] == CLASS_NAMES[POSITIVE], _("false negative"), _("false positive"))
        return pd.Series(np.where(wrong[name], kinds, _("correct")), table.index)
    counts = np.sum([mask for mask in wrong.values() if len(mask) == len(table)], axis=0)
    return pd.Series(
        [_("{count} of {total}").format(count=count, total=len(wrong)) for count in counts], table.index
    )
