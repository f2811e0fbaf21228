"""What the parts of a data set that models are compared on are called, by their names in `core`."""

from pages.shared.texts import _

SPLITS = {"test": _("test"), "validation": _("validation")}
