"""The server that `make run` starts: pages, their files and the API on one port.

streamlit run server.py --server.port 8501
"""

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pkgutil import walk_packages

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

import pages
from core.api import SecurityHeaders, api_routes
from core.self_test import start_self_test
from pages.look import Look
from pages.shared.user import requires_sign_in
from pages.training import PAGE_ROUTES

# st.navigation in streamlit_app.py declares the pages. Without this line, Streamlit treats the folder pages/
# as an old-style multipage app until a user has opened the start page.
PagesManager.uses_pages_directory = False

FIRST_PAGE = ("pages.diagnosis.card", "pages.diagnosis.batch")


def log_requests() -> None:
    """One line for each request to the API on standard error; Streamlit sets up its own log only."""
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("pneumonia").setLevel(logging.INFO)


@asynccontextmanager
async def started(_app: st.App) -> AsyncIterator[None]:
    """Prepare in a thread of its own, while the browser is still loading Streamlit's own files."""
    log_requests()
    threading.Thread(target=prepare, daemon=True).start()
    yield


def prepare() -> None:
    """Import what the first page needs, test what answers, then import what the other pages need."""
    for name in FIRST_PAGE:
        import_module(name)
    start_self_test()
    for module in walk_packages(pages.__path__, "pages."):
        if not module.name.endswith(".page"):  # a script, which draws a page
            import_module(module.name)
    import_module("scipy.special")  # behind every interval


app = st.App(
    "streamlit_app.py",
    routes=[*PAGE_ROUTES, *api_routes(protected=requires_sign_in)],
    middleware=[Middleware(SecurityHeaders), Middleware(Look)],
    lifespan=started,
)
