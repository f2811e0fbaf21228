"""Numbers into Plotly figures, one file a page, one look throughout."""
