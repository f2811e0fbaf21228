"""A running node and certificates that the tests of this folder share."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dicom_peers import Node, home_with

from core.runs import Run

ALLOWED = ("--allow", "MODALITY=127.0.0.1", "--allow", "ELSEWHERE=192.0.2.1")


@pytest.fixture(scope="module")
def node(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node without a remote AE, so that its results stay on disk."""
    home = home_with(trained.model_folder(), tmp_path_factory.mktemp("node"))
    node = Node(home, "--study-timeout", "0", "--log", *ALLOWED).start()
    yield node
    assert node.stop() == 0


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Path:
    """Keys and certificates: of an authority, signed by it, and unsigned."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    authority = ("-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    openssl("req", *authority, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority")
    openssl("req", *authority, "-keyout", "no.key", "-out", "no.pem", "-subj", "/CN=nobody")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "ask", "-subj", "/CN=us")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "ask", "-out", "cert.pem", *signing)
    return folder
