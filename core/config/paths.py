"""Where things are kept on disk."""

from pathlib import Path

from platformdirs import user_data_path

from core.config import environment

PROJECT = Path(__file__).resolve().parents[2]
NAME = "pneumonia-studio"


def home() -> Path:
    """Folder that holds runs, data and weights.

    $PNEUMONIA_STUDIO_HOME, else the project's own folder, or the user's data folder
    (`~/.local/share/pneumonia-studio` on Linux) where the project is installed as a package.
    """
    return environment.HOME.value() or (user_data_path(NAME) if is_installed() else PROJECT)


def is_installed() -> bool:
    """Whether the project is installed as a package, not a copy of the repository."""
    return not (PROJECT / "pyproject.toml").exists()


def runs_folder() -> Path:
    """Default folder of runs."""
    return home() / "runs"


def data_folder() -> Path:
    """Folder of indexes, decoded pixels and imported data sets."""
    return home() / "data"


def model_folder() -> Path:
    """Default folder of the three weights files."""
    return home() / "model_weights"


def bundled_folder() -> Path:
    """Folder of the bundled models: $PNEUMONIA_STUDIO_BUNDLED, else the project's own."""
    return environment.BUNDLED.value() or PROJECT / "model_weights" / "bundled"


def lung_weights() -> Path:
    """Weights of the lung network: the user's own if trained, else the bundled ones."""
    own = model_folder() / "lungs.h5"
    return own if own.exists() else PROJECT / "model_weights" / "bundled" / "lungs.h5"


def audit_log() -> Path:
    """The audit log, a database that need not exist."""
    return home() / "audit.sqlite"
