"""Sessions with DICOMweb servers: one address, one Authorization, and limits on what is taken from it."""

import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import requests
from dicomweb_client import DICOMwebClient
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection

CHUNK_BYTES = 2**16


class TooMuch(Exception):
    """An answer is longer, or takes longer, than allowed."""


@dataclass(frozen=True)
class Limits:
    """What may be taken from a server.

    Attributes:
        bytes: of one answer.
        seconds: from the begin of a request to the end of its answer.
        until: by `time.monotonic`, when the last answer must be complete.
    """

    bytes: int
    seconds: float
    until: float = float("inf")


class _Watched(HTTPAdapter):
    """Connections that another thread can end, also while they wait for the next byte."""

    def __init__(self) -> None:
        self._connections: list[HTTPConnection] = []
        self._ended = False
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options)
        if not known:
            self._watch(manager)
        return manager

    def _watch(self, manager: PoolManager) -> None:
        classes = manager.pool_classes_by_scheme  # those of SOCKS are its own
        manager.pool_classes_by_scheme = {scheme: self._watched(pool) for scheme, pool in classes.items()}

    def _watched(self, pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
        """A class of pools whose connections are known here from the moment they connect."""
        adapter, base = self, cast(Any, pool.ConnectionCls)

        class Connection(base):
            connected: socket.socket | None = None

            def connect(self) -> None:
                adapter._connections.append(self)
                super().connect()
                self.connected = self.sock  # urllib3 forgets it while an answer without length is read
                if adapter._ended:  # meanwhile
                    adapter.end_connections()

        return type("Pool", (pool,), {"ConnectionCls": Connection})

    def begin(self) -> None:
        """Let connections be used, until their end."""
        self._ended = False

    def end_connections(self) -> None:
        """Whoever reads from one gets its end, or an error; those that connect now end at once."""
        self._ended = True
        for connection in self._connections:
            used = connection.sock or getattr(connection, "connected", None)
            used = getattr(used, "socket", used)  # of TLS within TLS, behind a proxy
            with suppress(OSError):
                if used:  # an SSLSocket's own shutdown ends TLS first: what follows would be read as it is
                    socket.socket.shutdown(used, socket.SHUT_RDWR)


class _OwnContext(_Watched):
    """The same by a TLS context that is given, and trusting no other authority."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **options)

    def cert_verify(self, *_: Any) -> None:
        """The context does it."""


class WebSession(requests.Session):
    """Asks the address that was given alone: a redirect could lead images anywhere.

    Args:
        authorization: header that is sent along; "" for none.
        tls: context for https; None trusts the usual authorities and presents no certificate.
        limits: on answers.
    """

    def __init__(self, authorization: str, limits: Limits, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self._limits = limits
        self._watched = _OwnContext(tls) if tls else _Watched()
        self.mount("http://", self._watched)
        self.mount("https://", self._watched)
        if authorization:
            self.headers["Authorization"] = authorization

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As `requests.Session.send`.

        Raises:
            TooMuch: the answer exceeds the limits.
            requests.HTTPError: it is a redirect.
        """
        response = self._limited(request, options)
        if response.is_redirect:
            raise requests.HTTPError(response=response)
        return response

    def _limited(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        until = min(self._limits.until, time.monotonic() + self._limits.seconds)
        seconds = until - time.monotonic()
        if seconds <= 0:
            raise TooMuch
        self._watched.begin()
        watchdog = threading.Timer(seconds, self._watched.end_connections)
        watchdog.daemon = True
        watchdog.start()
        try:
            timeout = min(options.get("timeout") or seconds, seconds)
            response = super().send(request, **{**options, "stream": True, "timeout": timeout})
            content = bytearray()
            for chunk in response.iter_content(CHUNK_BYTES):
                content += chunk
                if len(content) > self._limits.bytes:
                    response.close()
                    raise TooMuch
        except requests.RequestException as error:
            if time.monotonic() > until:
                raise TooMuch from error
            raise
        finally:
            watchdog.cancel()
        if time.monotonic() > until:  # what the watchdog has ended may look complete
            raise TooMuch
        response._content = bytes(content)
        return response


def web_client(url: str, session: WebSession, timeout: float) -> DICOMwebClient:
    """A client that asks once: whoever calls it knows when to ask again."""
    client = DICOMwebClient(url, session, timeout=timeout)
    client.set_http_retry_params(retry=False)
    return client
