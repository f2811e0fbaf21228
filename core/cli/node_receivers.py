"""`node --send-to`: who receives results, and which kinds."""

import re
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import urlsplit

from core.config import environment
from core.dicom_node import Receiver, RemoteAE, RemoteWeb
from core.errors import UserError
from core.reports import KINDS

HOST = r"[\w.-]+"  # name or IPv4 address
ADDRESS_CHARACTERS = set("@:/")  # in no list of kinds
EXAMPLE = "https://pacs.example/dicom-web"


def receivers(texts: tuple[str, ...], results: tuple[str, ...]) -> tuple[Receiver, ...]:
    """The receivers that `--send-to` names.

    Args:
        texts: a value for each, such as ORTHANC@10.0.0.5:4242=finding,lungs.
        results: kinds of results for those that name none.

    Raises:
        UserError: one is not valid, or two cannot be used together.
    """
    named = tuple(_receiver(text, results) for text in texts)
    names = [str(receiver) for receiver in named]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UserError(f"--send-to names {twice} twice. Name it once, with all its kinds of results.")
    if environment.DICOMWEB_AUTHORIZATION.value() and sum("://" in name for name in names) > 1:
        raise UserError(
            f"{environment.DICOMWEB_AUTHORIZATION.name} would be sent to every DICOMweb server in --send-to. "
            "Name one alone."
        )
    return named


def ae_title(text: str) -> str:
    """A valid AE title, without surrounding spaces."""
    if not (text.isascii() and text.isprintable() and "\\" not in text and 0 < len(text.strip()) <= 16):
        raise UserError(f"{text!r} is not an AE title: use 1 to 16 ASCII characters without backslash.")
    return text.strip()


def _receiver(text: str, results: tuple[str, ...]) -> Receiver:
    address, separator, kinds = text.rpartition("=")
    if not separator or set(kinds) & ADDRESS_CHARACTERS:  # an AE title and a URL may have "=" themselves
        return Receiver(_remote(text), results)
    named = tuple(dict.fromkeys(kind.strip() for kind in kinds.split(",")))
    if (unknown := next((kind for kind in named if kind not in KINDS), None)) is not None:
        way_out = (
            f" If it is part of the URL, add the kinds: {text}={','.join(results)}" if "://" in text else ""
        )
        raise UserError(
            f"--send-to {text!r}: {unknown!r} is no kind of result; use {', '.join(KINDS)}.{way_out}"
        )
    return Receiver(_remote(address), named)


def _remote(text: str) -> RemoteAE | RemoteWeb:
    """The remote AE or the DICOMweb server of `--send-to`."""
    if "://" in text:
        return RemoteWeb(_root(text))
    title, _, address = text.partition("@")
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not _is_host(host) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UserError(
            f"--send-to {text!r} is not AET@HOST:PORT, such as ORTHANC@10.0.0.5:4242, nor the URL of a "
            "DICOMweb server."
        )
    return RemoteAE(ae_title(title), host.lower(), int(port))


def _is_host(text: str) -> bool:
    """Whether a text is a name, an IPv4 or an IPv6 address."""
    try:
        return bool(re.fullmatch(HOST, text)) or bool(IPv6Address(text))
    except AddressValueError:
        return False


def _root(text: str) -> str:
    """The URL of a DICOMweb server, without a slash at its end."""
    try:
        url = urlsplit(text)
        valid = url.scheme in ("http", "https") and url.hostname and url.port != 0 and text.isascii()
    except ValueError:
        valid = False
    if not valid or url.query or url.fragment:
        raise UserError(f"--send-to {text!r} is not the URL of a DICOMweb server, such as {EXAMPLE}.")
    if url.username or url.password:
        raise UserError(
            "Anyone on this computer could read the password in --send-to. Give it in the environment: "
            f"{environment.DICOMWEB_AUTHORIZATION.name}."
        )
    if url.scheme == "http" and url.hostname not in environment.LOOPBACK:
        raise UserError(f"--send-to {text!r} would send patient data in the clear. Use https.")
    return url._replace(scheme=url.scheme.lower(), netloc=url.netloc.lower()).geturl().rstrip("/")
