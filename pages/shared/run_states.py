"""What the states of a run are called on pages, by their names in `core.runs`."""

from pages.shared.texts import _

STATE_TITLES = {
    "queued": _("queued"),
    "running": _("running"),
    "finished": _("finished"),
    "stopped": _("stopped"),
    "failed": _("failed"),
    "died": _("died"),
}
