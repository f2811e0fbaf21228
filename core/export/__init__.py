"""A model for other programs: its network, the input that it expects, and a script that runs it."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.export.export import EXPORT_FORMATS, ZIP, export_model

__all__ = ["EXPORT_FORMATS", "ZIP", "export_model"]

open_door(__name__)
