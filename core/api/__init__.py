"""The HTTP API: its routes, the guards of everything that is served beside Streamlit, and its schema."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.api.application import OWN, api_routes
    from core.api.guards import guarded
    from core.api.headers import SecurityHeaders

__all__ = ["OWN", "SecurityHeaders", "api_routes", "guarded"]

open_door(__name__)
