"""The browser's notification that a run has ended; asked for by a click, in a tab of this app."""

from pages.shared.component import component
from pages.shared.texts import _

CSS = """
.run-notification button {
  font: inherit; font-size: 0.875rem; color: inherit; background: none; border: 0; padding: 4px 0;
  min-height: 28px; text-align: left; text-decoration: underline; cursor: pointer;
}
.run-notification [role="status"] { font-size: 0.875rem; }
"""


def run_notification(run: str, ended: str, sentence: str) -> None:
    """Offer to tell when a run has ended, and tell that another has to who asked for that.

    Args:
        run: name of the one that trains; "" if none does.
        ended: name of the one that trained before.
        sentence: how that one ended; "" if none has.
    """
    data = {
        "run": run,
        "ended": {"run": ended, "sentence": sentence} if sentence else None,
        "offer": _("Notify me when it ends"),
        "wanted": _("You will be notified"),
        "refused": _("This browser does not allow notifications"),
        "unable": _("This browser cannot notify you"),
    }
    component(__file__, CSS)(data=data, key="run-notification")
