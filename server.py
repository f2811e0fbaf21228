"""The server that `make run` starts: pages, their files and the API on one port.

streamlit run server.py --server.port 8501
"""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from core.api import ROUTES
from pages.training import PAGE_ROUTES

# st.navigation in streamlit_app.py declares the pages. Without this line, Streamlit treats the folder pages/
# as an old-style multipage app until a user has opened the start page.
PagesManager.uses_pages_directory = False

FIRST_PAGE = ("pages.diagnosis.card", "pages.diagnosis.batch")


@asynccontextmanager
async def preload(_app: st.App) -> AsyncIterator[None]:
    """Import what the first page needs while the browser is still loading Streamlit's own files."""
    threading.Thread(target=lambda: [import_module(name) for name in FIRST_PAGE], daemon=True).start()
    yield


app = st.App("streamlit_app.py", routes=[*PAGE_ROUTES, *ROUTES], lifespan=preload)
