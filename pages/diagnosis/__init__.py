"""The Diagnosis page: uploads, worklist, one image in full, downloads, own readings, session history."""

from pages.diagnosis.entries import session_thumbnails

__all__ = ["session_thumbnails"]
