"""Mutual TLS of the DICOM node."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from dicom_peers import Node, home_with


@pytest.fixture(scope="module")
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


def test_tls_admits_only_peers_with_a_signed_certificate(trained, tmp_path, certificates):
    home = home_with(trained.model_folder(), tmp_path / "home")
    files = [certificates / name for name in ("cert.pem", "key.pem", "ca.pem")]
    node = Node(home, "--study-timeout", "600", "--tls", *files).start()
    try:
        silent = [socket.create_connection(("127.0.0.1", node.port)) for _ in range(8)]  # no handshake
        echo = ["echoscu", "-aec", "PNEUMONIA", "127.0.0.1", str(node.port)]
        good = ["+tls", certificates / "key.pem", certificates / "cert.pem", "+cf", certificates / "ca.pem"]
        nobody = ["+tls", certificates / "no.key", certificates / "no.pem", "+cf", certificates / "ca.pem"]
        start = time.monotonic()
        assert subprocess.run([*echo, *good]).returncode == 0
        assert time.monotonic() - start < 5
        assert subprocess.run([*echo, *nobody], capture_output=True).returncode != 0
        assert subprocess.run(["timeout", "20", *echo], capture_output=True).returncode != 0
        assert subprocess.run([*echo, *good]).returncode == 0
        for peer in silent:
            peer.close()
    finally:
        assert node.stop() == 0
