"""The Training page: launch a run and watch it."""

from pages.training.watch.routes import PAGE_ROUTES

__all__ = ["PAGE_ROUTES"]
