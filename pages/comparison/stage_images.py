"""The data set that a compared stage was evaluated on."""

from core.comparison import EvaluatedStage
from core.dataset import Dataset
from core.errors import UserError
from pages.shared.dataset_picker import opened
from pages.shared.texts import _


def images_of(stage: EvaluatedStage) -> Dataset:
    """The opened data set of a stage.

    Raises:
        UserError: it is not on this computer, or cannot be used.
    """
    folder = stage.data
    if not folder.is_dir():
        raise UserError(
            _(
                "The images of {stage} are not on this computer, or were never opened here. Open their "
                "data set, a folder named {folder}, on the Dataset page."
            ).format(stage=stage.name, folder=folder.name)
        )
    return opened(str(folder))
