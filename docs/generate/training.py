"""The page on training, with the alerts that core/runs/alerts.py declares."""

from core.runs import ALERTS
from docs.generate.template import filled


def page() -> str:
    """docs/training.md"""
    alerts = [(f"**{alert.title}**", alert.rule, alert.advice) for alert in ALERTS]
    return filled("training.md", "core/runs/alerts.py", alerts=alerts)
