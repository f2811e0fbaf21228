"""Mutual TLS of the DICOM node."""

import socket
import subprocess

import pytest
from dicom_peers import Node, home_with


def test_tls_admits_only_peers_with_a_signed_certificate(trained, tmp_path, certificates):
    home = home_with(trained.model_folder(), tmp_path / "home")
    files = [certificates / name for name in ("cert.pem", "key.pem", "ca.pem")]
    node = Node(home, "--study-timeout", "600", "--tls", *files).start()
    try:
        silent = [socket.create_connection(("127.0.0.1", node.port)) for _ in range(8)]  # no handshake
        echo = ["echoscu", "-aec", "PNEUMONIA", "127.0.0.1", str(node.port)]
        good = ["+tls", certificates / "key.pem", certificates / "cert.pem", "+cf", certificates / "ca.pem"]
        nobody = ["+tls", certificates / "no.key", certificates / "no.pem", "+cf", certificates / "ca.pem"]
        assert subprocess.run([*echo, *good]).returncode == 0
        for peer in silent:
            peer.setblocking(False)
            with pytest.raises(BlockingIOError):  # it is still connected: nobody waited for its end
                peer.recv(10)
        assert subprocess.run([*echo, *nobody], capture_output=True).returncode != 0
        assert subprocess.run(["timeout", "20", *echo], capture_output=True).returncode != 0
        assert subprocess.run([*echo, *good]).returncode == 0
        for peer in silent:
            peer.close()
    finally:
        assert node.stop() == 0
