"""The server that `make run` starts: the pages, what they load, and the API, on one port.

streamlit run server.py --server.port 8501
"""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from core.diagnosis.api import ROUTES
from pages.watching.routes import PAGE_ROUTES

# Pages are named by st.navigation in streamlit_app.py. Without this, Streamlit takes the folder
# pages/ for its older kind of multipage app as long as no visitor has opened the start page.
PagesManager.uses_pages_directory = False

app = st.App("streamlit_app.py", routes=[*PAGE_ROUTES, *ROUTES])
