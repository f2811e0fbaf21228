"""Figures of the dataset page."""

import plotly.graph_objects as go

from core.figures.style import CLASS_COLORS, styled


def class_balance(counts: dict[str, dict[str, int]]) -> go.Figure:
    """Images by split and class, as stacked bars.

    Args:
        counts: images by split, then by class.
    """
    figure = go.Figure()
    splits = list(counts)
    for label, color in CLASS_COLORS.items():
        values = [counts[split][label] for split in splits]
        shares = [
            value / max(1, sum(counts[split].values())) for split, value in zip(splits, values, strict=True)
        ]
        figure.add_bar(
            name=label,
            y=splits,
            x=values,
            orientation="h",
            marker_color=color,
            text=[f"{value:,}" for value in values],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont_color="white",
            customdata=[f"{share:.0%}" for share in shares],
            hovertemplate=f"%{{y}} · {label}: %{{x:,}} images (%{{customdata}})<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="images")
    return styled(figure, height=110 + 60 * len(splits), barmode="stack")
