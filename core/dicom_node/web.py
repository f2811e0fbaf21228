"""Sessions with DICOMweb servers: one address, one Authorization, and limits on what is taken from it."""

import ssl
import time
from dataclasses import dataclass
from typing import Any

import requests
from dicomweb_client import DICOMwebClient
from requests.adapters import HTTPAdapter

CHUNK_BYTES = 2**16


class TooMuch(Exception):
    """An answer is longer, or takes longer, than allowed."""


@dataclass(frozen=True)
class Limits:
    """What may be taken from a server.

    Attributes:
        bytes: of one answer.
        until: by `time.monotonic`, when the last answer must be complete.
    """

    bytes: int
    until: float


class _OwnContext(HTTPAdapter):
    """Connects by a TLS context that is given, and trusts no other authority."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **options)

    def cert_verify(self, *_: Any) -> None:
        """The context does it."""


class WebSession(requests.Session):
    """Asks the address that was given alone: a redirect could lead images anywhere.

    Args:
        authorization: header that is sent along; "" for none.
        tls: context for https; None trusts the usual authorities and presents no certificate.
        limits: on answers; None for none.
    """

    def __init__(
        self, authorization: str = "", tls: ssl.SSLContext | None = None, limits: Limits | None = None
    ) -> None:
        super().__init__()
        self._limits = limits
        if tls:
            self.mount("https://", _OwnContext(tls))
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
        response = self._limited(request, options) if self._limits else super().send(request, **options)
        if response.is_redirect:
            raise requests.HTTPError(response=response)
        return response

    def _limited(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        assert self._limits is not None
        seconds = self._limits.until - time.monotonic()
        if seconds <= 0:
            raise TooMuch
        response = super().send(request, **{**options, "stream": True, "timeout": seconds})
        content = bytearray()
        for chunk in response.iter_content(CHUNK_BYTES):
            content += chunk
            if len(content) > self._limits.bytes or time.monotonic() > self._limits.until:
                response.close()
                raise TooMuch
        response._content = bytes(content)
        return response


def web_client(url: str, session: WebSession, timeout: float) -> DICOMwebClient:
    """A client that asks once: whoever calls it knows when to ask again."""
    client = DICOMwebClient(url, session, timeout=timeout)
    client.set_http_retry_params(retry=False)
    return client
