"""What the states of a model in the registry, and the decisions on it, are called."""

from pages.shared.texts import _

STATES = {
    "active": _("active"),
    "candidate": _("candidate"),
    "shadow": _("shadow"),
    "retired": _("retired"),
}
ACTIONS = {
    "promote": _("promoted"),
    "rollback": _("rolled back to"),
    "retire": _("retired"),
    "shadow": _("made a shadow"),
    "ensemble": _("made an ensemble"),
    "migrate": _("taken over"),
    "stop shadow": _("no longer a shadow"),
    "operating point": _("decision threshold changed"),
    "site operating point": _("threshold for a hospital"),
    "site temperature": _("calibrated for a hospital"),
    "site zones": _("zones for a hospital"),
}
