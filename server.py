"""The server that `make run` starts: the pages and the API, on one port.

streamlit run server.py --server.port 8501
"""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from core.diagnosis.api import ROUTES

# Pages are named by st.navigation in streamlit_app.py. Without this, Streamlit takes the folder
# pages/ for its older kind of multipage app as long as no visitor has opened the start page.
PagesManager.uses_pages_directory = False

app = st.App("streamlit_app.py", routes=ROUTES)
