"""The HTTP API: its routes, the guards of everything that is served beside Streamlit, and its schema."""

from core.api.application import OWN, api_routes
from core.api.guards import guarded
from core.api.headers import SecurityHeaders

__all__ = ["OWN", "SecurityHeaders", "api_routes", "guarded"]
