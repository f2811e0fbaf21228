"""What the states of a model in the registry are called."""

from pages.shared.texts import _

STATES = {
    "active": _("active"),
    "candidate": _("candidate"),
    "shadow": _("shadow"),
    "retired": _("retired"),
}
