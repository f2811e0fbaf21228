"""The HTTP API: its routes, the guards of everything that is served beside Streamlit, and its schema."""

from core.api.application import IN_SHADOW, ROUTES
from core.api.guards import same_site

__all__ = ["IN_SHADOW", "ROUTES", "same_site"]
