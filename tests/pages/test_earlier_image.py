"""An earlier X-ray from the PACS: the result does not wait for it; it then stands beside the present one."""

import threading

import pytest
from dicom_peers import dicom_image, eventually
from dicomweb_server import file_of, pacs_with, server

from core.config import environment
from core.dicom_node import priors
from pages.shared import user
from tests.pages.opened_page import opened
from tests.pages.test_pages import texts

pytestmark = pytest.mark.slow


def test_the_result_is_shown_before_a_slow_pacs_answers(narrow_bundle, own_home, monkeypatch):
    monkeypatch.setattr(user, "sits_here", lambda: True)
    monkeypatch.setattr(priors, "MAX_SECONDS", 300)
    may_answer = threading.Event()
    before = dicom_image(2)
    before.StudyDate = "20230601"

    def slowly(command: str, path: str):
        may_answer.wait(300)
        return pacs_with(before)(command, path)

    with server(slowly) as (root, _):
        monkeypatch.setenv(environment.PRIORS.name, str(root))
        app = opened("diagnosis", anyway=True)
        app.file_uploader[0].upload("image.dcm", file_of(dicom_image(1)), "application/dicom").run()
        assert not app.exception
        assert "Probability of pneumonia" in texts(app) and "Asking the PACS" in texts(app)
        may_answer.set()
        (entry,) = app.session_state["entries"].values()
        eventually(entry.prior.done)
        app.run()
    assert "The PACS has an earlier X-ray" in texts(app) and not app.error
    assert entry.prior.result().acquired.startswith("20230601")


def test_who_has_not_signed_in_elsewhere_cannot_look_up_patients(narrow_bundle, own_home, monkeypatch):
    monkeypatch.setattr(user, "sits_here", lambda: False)
    with server(lambda *_: (500, b"")) as (root, asked):
        monkeypatch.setenv(environment.PRIORS.name, str(root))
        app = opened("diagnosis", anyway=True)
        app.file_uploader[0].upload("image.dcm", file_of(dicom_image(1)), "application/dicom").run()
        (entry,) = app.session_state["entries"].values()
        assert "Probability of pneumonia" in texts(app) and entry.prior is None and not asked
        monkeypatch.setattr(user, "sits_here", lambda: True)
        app.run()
        eventually(entry.prior.done)
        app.run()
        assert "refused with HTTP status 500" in texts(app) and len(asked) == 1
        next(button for button in app.button if button.label == "Ask again").click().run()
        eventually(lambda: len(asked) == 2)
