"""Every environment variable of the product: its name, meaning, default and check, in one table."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from core.config import old_names
from core.config.languages import ENGLISH, LANGUAGES
from core.errors import UserError

T = TypeVar("T")
CONVOLUTIONS = ("auto", "direct", "winograd")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Variable(Generic[T]):
    """One environment variable.

    Attributes:
        name: of the variable.
        meaning: one sentence for the documentation.
        default: text that is read where the variable is unset or empty.
        parse: turns the text into a value; raises ValueError where it cannot.
        expected: what a valid text looks like, for the error message.
        shown: a text that is not valid as the error message may show it.
    """

    name: str
    meaning: str
    default: str
    parse: Callable[[str], T]
    expected: str = "text"
    shown: Callable[[str], str] = str

    def value(self) -> T:
        """The value that the environment gives now.

        Raises:
            UserError: the text is not valid.
        """
        text = self._text()
        try:
            return self.parse(text)
        except ValueError as error:
            raise UserError(f"{self.name} is {self.shown(text)!r}; give {self.expected}.") from error

    def _text(self) -> str:
        names = [self.name, *(old for old, new in old_names.ENVIRONMENT.items() if new == self.name)]
        return next((os.environ[name] for name in names if os.environ.get(name)), self.default)


def _whole_number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(text)
    return int(text)


def _positive_number(text: str) -> float:
    if not 0 < (number := float(text)) < float("inf"):
        raise ValueError(text)
    return number


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.lower().split(",") if name.strip())


def _server_address(text: str, *schemes: str) -> str:
    parts = urlsplit(text)
    is_one = parts.scheme in schemes and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    if text and (text.split() != [text] or not text.isascii() or not is_one):
        raise ValueError(text)
    (parts.hostname or "").encode("idna")  # raises UnicodeError, a ValueError, where it cannot be a host
    return text


def _web_address(text: str) -> str:
    return _server_address(text, "http", "https")


def _mail_server(text: str) -> str:
    return _server_address(text, "smtp", "smtps")


def _without_login(text: str) -> str:
    """An address without the user name and password that nobody is to read in an error message.

    >>> _without_login("smtp://user:secret@host"), _without_login("smtp://host")
    ('smtp://...@host', 'smtp://host')
    """
    login, at, host = text.rpartition("@")
    scheme, slashes, _ = login.partition("//")
    return f"{scheme if slashes else ''}{slashes}...@{host}" if at else text


def _addresses(text: str) -> tuple[str, ...]:
    """E-mail addresses; a line break in one would begin another header."""
    addresses = tuple(address.strip(" ") for address in re.split("[,;]", text) if address.strip(" "))
    for address in addresses:
        try:
            Address(addr_spec=address)
        except (MessageError, IndexError) as error:  # of its parser; a defect is a ValueError already
            raise ValueError(text) from error
        if not re.fullmatch(r"[!-~]+@[!-~]+", address):
            raise ValueError(text)
    return addresses


def _dicomweb_root(text: str) -> str:
    """A web address without a slash at its end; patients' data go unencrypted to this computer alone."""
    address = urlsplit(_web_address(text))
    in_the_clear = address.scheme == "http" and address.hostname not in LOOPBACK
    if in_the_clear or address.query or address.fragment:
        raise ValueError(text)
    return text.rstrip("/")


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise ValueError(text)
    return text


def _convolution(text: str) -> str:
    if text not in CONVOLUTIONS:
        raise ValueError(text)
    return text


def _folder(text: str) -> Path | None:
    return Path(text) if text else None


HOME = Variable(
    "PNEUMONIA_STUDIO_HOME",
    "Folder that holds runs, data and weights. Default: the project's own folder, or the user's data folder "
    "where the project is installed as a package.",
    "",
    _folder,
    "a folder",
)
BUNDLED = Variable(
    "PNEUMONIA_STUDIO_BUNDLED",
    "Folder of the bundled models. Default: those that come with the project.",
    "",
    _folder,
    "a folder",
)
TOKEN = Variable(
    "PNEUMONIA_STUDIO_TOKEN",
    "Bearer token that the API accepts besides those of `tokens`; none by default.",
    "",
    str,
)
RATE = Variable(
    "PNEUMONIA_STUDIO_RATE",
    "Requests a minute that the API takes from the client of each token; 0 means no limit.",
    "3000",
    _whole_number,
    "a whole number, 0 for no limit",
)
HOSTS = Variable(
    "PNEUMONIA_STUDIO_HOSTS",
    "Host names, separated by commas, that the API serves besides localhost.",
    "",
    _names,
)
OWNERS = Variable(
    "PNEUMONIA_STUDIO_OWNERS",
    "E-mail addresses, separated by commas, of those who sign in as owners.",
    "",
    _names,
)
TRAINERS = Variable(
    "PNEUMONIA_STUDIO_TRAINERS",
    "E-mail addresses, separated by commas, of those who sign in as trainers.",
    "",
    _names,
)
ROLE_CLAIM = Variable(
    "PNEUMONIA_STUDIO_ROLE_CLAIM",
    "Claim in which the OpenID provider gives roles: reader, trainer or owner, as a text or a list.",
    "",
    str,
)
THREADS = Variable(
    "PNEUMONIA_STUDIO_THREADS",
    "Threads that a server uses for inference; 0 means one per core.",
    "0",
    _whole_number,
    "a whole number, 0 for one thread per core",
)
CONVOLUTION = Variable(
    "PNEUMONIA_STUDIO_CONVOLUTION",
    "How answers in float32 compute convolutions: `direct`, `winograd`, or `auto`, which a short measurement "
    "decides for each processor. Probabilities agree within 0.0001. A processor with a bfloat16 unit, which "
    "answers in bfloat16 first, computes them directly.",
    "auto",
    _convolution,
    "auto, direct or winograd",
)
DICOMWEB_AUTHORIZATION = Variable(
    "PNEUMONIA_STUDIO_DICOMWEB_AUTHORIZATION",
    "Authorization that the DICOM node shows a DICOMweb server, such as `Bearer TOKEN`; none by default.",
    "",
    str,
)
PRIORS = Variable(
    "PNEUMONIA_STUDIO_PRIORS",
    "Root of a DICOMweb server that is asked for an earlier X-ray of the patient; none by default.",
    "",
    _dicomweb_root,
    "an address that begins with https://, or with http:// on this computer",
    _without_login,
)
PRIORS_AUTHORIZATION = Variable(
    "PNEUMONIA_STUDIO_PRIORS_AUTHORIZATION",
    "Authorization that this server is shown, such as `Bearer TOKEN`; none by default.",
    "",
    str,
)
IMPORT_GIB = Variable(
    "PNEUMONIA_STUDIO_IMPORT_GIB",
    "Maximum size of an imported data set, unpacked, in GiB.",
    "20",
    _positive_number,
    "a number above 0",
)
IMPORT_FILES = Variable(
    "PNEUMONIA_STUDIO_IMPORT_FILES",
    "Maximum number of images of an imported data set.",
    "200000",
    _whole_number,
    "a whole number",
)
SELF_TEST = Variable(
    "PNEUMONIA_STUDIO_SELF_TEST",
    "Whether a server tests itself in the background when it starts.",
    "1",
    _switch,
    "1 or 0",
)
WEBHOOK = Variable(
    "PNEUMONIA_STUDIO_WEBHOOK",
    "Address that receives a POST request when a run of the queue has ended, and when `site watch --tell` "
    "finds that the light has turned; none by default.",
    "",
    _web_address,
    "an ASCII address that begins with http:// or https:// and holds neither user name nor spaces",
    _without_login,
)
LANGUAGE = Variable(
    "PNEUMONIA_STUDIO_LANGUAGE",
    "Language of the pages, one for each server ([translation](translation.md)).",
    ENGLISH,
    _language,
    f"a language of the pages: {' or '.join(LANGUAGES)}",
)
MAIL_SERVER = Variable(
    "PNEUMONIA_STUDIO_MAIL_SERVER",
    "SMTP server that `site watch --tell` sends e-mail by: `smtp://HOST:PORT`, encrypted by STARTTLS, or "
    "`smtps://HOST:PORT`; none by default. The certificate of one on this computer is not verified.",
    "",
    _mail_server,
    "an address that begins with smtp:// or smtps:// and holds neither user name nor spaces",
    _without_login,
)
MAIL_TO = Variable(
    "PNEUMONIA_STUDIO_MAIL_TO",
    "E-mail addresses, separated by commas or semicolons, that receive it.",
    "",
    _addresses,
    "e-mail addresses separated by commas or semicolons",
)
MAIL_FROM = Variable(
    "PNEUMONIA_STUDIO_MAIL_FROM",
    "E-mail address of the sender. Default: the first that receives it.",
    "",
    _addresses,
    "an e-mail address",
)
MAIL_USER = Variable(
    "PNEUMONIA_STUDIO_MAIL_USER",
    "User name to log in with at the SMTP server; no login by default.",
    "",
    str,
)
MAIL_PASSWORD = Variable(
    "PNEUMONIA_STUDIO_MAIL_PASSWORD",
    "Password of that user.",
    "",
    str,
)
LOCKED = Variable(
    "PNEUMONIA_STUDIO_LOCKED",
    "Set by the scheduler for a training process that inherits its locks; do not set it yourself.",
    "",
    bool,
)
VARIABLES: tuple[Variable, ...] = (
    HOME,
    BUNDLED,
    TOKEN,
    RATE,
    HOSTS,
    OWNERS,
    TRAINERS,
    ROLE_CLAIM,
    THREADS,
    CONVOLUTION,
    DICOMWEB_AUTHORIZATION,
    PRIORS,
    PRIORS_AUTHORIZATION,
    IMPORT_GIB,
    IMPORT_FILES,
    SELF_TEST,
    WEBHOOK,
    MAIL_SERVER,
    MAIL_TO,
    MAIL_FROM,
    MAIL_USER,
    MAIL_PASSWORD,
    LANGUAGE,
    LOCKED,
)


def child_environment(defaults: dict[str, str], *additions: dict[str, str]) -> dict[str, str]:
    """The environment of a process to start: ours over `defaults`, and `additions` over both."""
    return {**defaults, **os.environ, **{name: text for part in additions for name, text in part.items()}}
