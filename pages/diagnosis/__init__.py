"""The Diagnosis page: uploads, worklist, one image in full, downloads, own readings, session history."""

from pages.diagnosis.entries import add_file, session_thumbnails

__all__ = ["add_file", "session_thumbnails"]
