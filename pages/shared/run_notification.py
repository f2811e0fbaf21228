"""The browser's notification that a run has ended; asked for by a click, in a tab of this app."""

from pages.shared.component import component
from pages.shared.texts import _

CSS = """
.run-notification button {
  font: inherit; font-size: 0.875rem; color: inherit; background: none; border: 0; padding: 4px 0;
  min-height: 28px; text-align: left; text-decoration: underline; cursor: pointer;
}
"""


def run_notification(run: str, ended: str = "") -> None:
    """Offer to tell when a run has ended, or tell it to who asked for that.

    Args:
        run: its name.
        ended: how it has ended, in a sentence; "" while it trains.
    """
    data = {
        "run": run,
        "ended": ended,
        "offer": _("Notify me when it ends"),
        "wanted": _("You will be notified"),
        "refused": _("This browser does not allow notifications"),
    }
    component(__file__, CSS)(data=data, key="run-notification")
