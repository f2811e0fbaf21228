"""The deadline of a session holds through TLS and proxies."""

import select
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from dicom_peers import dicom_image, save_images
from dicomweb_server import dripping, honest, server
from urllib3.util import connection

from core.dicom_node import tls_context
from core.dicom_node.stow import store
from core.dicom_node.web import Limits, TooMuch, WebSession

HEADERS, BODY = b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture
def theirs(certificates) -> ssl.SSLContext:
    """The context of a server that asks for a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def ours(certificates) -> ssl.SSLContext:
    return tls_context(*(certificates / f"{name}.pem" for name in ("cert", "key", "ca")), server=False)


@pytest.fixture
def proxy(monkeypatch):
    """Names a proxy."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def use(address: str) -> None:
        for scheme in ("http", "https"):
            monkeypatch.setenv(f"{scheme}_proxy", address)

    return use


@contextmanager
def tunnel() -> Iterator[str]:
    """The address of a proxy that connects to whatever it is asked for by CONNECT."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            host, _, port = self.request.recv(2**16).split()[1].decode().rpartition(":")
            with socket.create_connection((host, int(port))) as target:
                self.request.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                ends = {self.request: target, target: self.request}
                while data := (end := select.select(list(ends), [], [])[0][0]).recv(2**16):
                    ends[end].sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as proxy:
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()


def assert_left(url: str, tls: ssl.SSLContext | None = None) -> None:
    """A request ends by its deadline: bytes go on to come until then."""
    with WebSession("", Limits(10_000, 0.4), tls) as session, pytest.raises(TooMuch):
        session.get(url, timeout=30)


def test_the_deadline_holds_behind_tls(ours, theirs):
    with dripping(BODY, theirs) as root:
        assert_left(root, ours)


@pytest.mark.parametrize("url, begin", [("http://pacs.example", BODY), ("https://pacs.example", HEADERS)])
def test_the_deadline_holds_behind_a_proxy(url, begin, proxy):
    with dripping(begin) as address:
        proxy(address)
        assert_left(url)


def test_the_deadline_holds_for_a_connection_that_was_slow_to_come(monkeypatch):
    connect = connection.create_connection

    def slowly(*arguments, **options):
        time.sleep(0.6)  # the deadline is over by then
        return connect(*arguments, **options)

    monkeypatch.setattr(connection, "create_connection", slowly)
    with dripping(BODY) as root:
        assert_left(root)


def test_a_proxy_changes_neither_our_certificate_nor_whom_we_trust(ours, theirs, proxy, tmp_path):
    paths = save_images(tmp_path / "images", [dicom_image(1)])
    with server(honest, theirs) as (root, asked), tunnel() as address:
        proxy(address)
        store(paths, root, ours)
        assert len(asked) == 2
