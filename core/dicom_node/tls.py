"""TLS for the DICOM node: both sides present a certificate."""

import socket
import ssl
from pathlib import Path
from typing import Any

from core.errors import UserError


class DeferredHandshakeContext(ssl.SSLContext):
    """Accepts connections without a handshake, so that a slow peer does not block the next `accept`."""

    def wrap_socket(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, sock: socket.socket, **options: Any
    ) -> ssl.SSLSocket:
        """As `SSLContext.wrap_socket`; the server does the handshake later."""
        if options.get("server_side"):
            options["do_handshake_on_connect"] = False
        return super().wrap_socket(sock, **options)


def tls_context(certificate: Path, key: Path, authority: Path, server: bool) -> ssl.SSLContext:
    """Mutual TLS 1.2 or later: the peer must present a certificate signed by `authority`.

    Args:
        certificate, key: PEM files of this node.
        authority: PEM file of the certificate authority.
        server: whether the context accepts connections or opens them.

    Raises:
        UserError: a file is missing or is not PEM, or the key does not match the certificate.
    """
    context = DeferredHandshakeContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(authority)
    except (OSError, ssl.SSLError) as error:
        raise UserError(
            f"{certificate}, {key} and {authority} cannot be used for TLS: {error.strerror or error}. "
            "Each must be a PEM file, and the key must belong to the certificate."
        ) from error
    return context
