"""Images as points on a plane."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.style import MODEL_COLORS, styled
from core.sentence import Sentence


def image_map(table: pd.DataFrame, group: pd.Series, shares: np.ndarray) -> go.Figure:
    """Images on the first two principal components, selectable with a lasso.

    Args:
        table: one row per image, with the columns x, y, path and probability.
        group: what each image is coloured by, a few texts, shape (n,).
        shares: each component's share of the variance, shape (2,).
    """
    figure = go.Figure()
    for index, name in enumerate(sorted(set(group))):
        members = table[(group == name).to_numpy()]
        figure.add_scatter(
            x=members["x"],
            y=members["y"],
            mode="markers",
            name=name,
            customdata=members[["path", "probability"]],
            marker={"color": MODEL_COLORS[index % len(MODEL_COLORS)], "size": 8, "opacity": 0.75},
            hovertemplate=Sentence(
                "%{{customdata[0]}}<br>pneumonia %{{customdata[1]:.1%}}<extra>{name}</extra>", name=name
            ),
        )
    figure.update_xaxes(
        title=Sentence("first component, {share:.0%} of the variance", share=shares[0]), zeroline=False
    )
    figure.update_yaxes(title=Sentence("second component, {share:.0%}", share=shares[1]), zeroline=False)
    return styled(figure, height=480, dragmode="lasso")
