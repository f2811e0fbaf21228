"""What the rules that find a decision threshold are called on pages, by their names in `core.evaluation`."""

from pages.shared.texts import _

RULE_TITLES = {
    "half": "0.5",
    "youden": _("Youden's J"),
    "sensitivity": _("Minimum sensitivity"),
    "specificity": _("Minimum specificity"),
    "cost": _("Lowest cost"),
}
