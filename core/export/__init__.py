"""A model for other programs: its network, the input that it expects, and a script that runs it."""

from core.export.export import EXPORT_FORMATS, ZIP, export_model

__all__ = ["EXPORT_FORMATS", "ZIP", "export_model"]
