"""What a model is called on pages."""

from core.inference import AvailableModel
from pages.shared.texts import _, translated


def model_title(model: AvailableModel) -> str:
    """Its title, and its version if it is one of several."""
    title, version = translated(model.title), model.identity.version
    return " · ".join([title, _("version {version}").format(version=version)]) if version else title
