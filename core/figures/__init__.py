"""Figures: numbers in, Plotly figures in one style out; one file per subject."""
