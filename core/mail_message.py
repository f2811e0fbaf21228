"""One e-mail by SMTP to the addresses that the user has set, whatever it tells."""

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import SplitResult, urlsplit

from core.config import environment
from core.errors import UserError
from core.sentence import Sentence
from core.webhook_request import LIMIT_S, in_time

DEFAULT_PORTS = {"smtp": 587, "smtps": 465}


def mail_host() -> str:
    """Host of the server that e-mail is sent by; "" if none is set.

    Raises:
        UserError: as `send_mail`.
    """
    if not (server := environment.MAIL_SERVER.value()):
        return ""
    _addresses()
    return urlsplit(server).hostname or ""


def send_mail(subject: str, text: str) -> str:
    """Send a message; returns why that failed, or "", after `LIMIT_S` at the latest.

    Encrypted from the beginning (smtps), or by STARTTLS, which only a server on this computer may lack. The
    certificate of a server elsewhere is verified.

    Raises:
        UserError: what the environment says of the server is not valid, or it names no addresses.
    """
    server, (sender, addresses) = environment.MAIL_SERVER.value(), _addresses()
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = sender
    message["To"] = ", ".join(addresses)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message.set_content(text)
    login = environment.MAIL_USER.value(), environment.MAIL_PASSWORD.value()
    return in_time(lambda: _send(urlsplit(server), message, *login))


def _addresses() -> tuple[str, tuple[str, ...]]:
    """Of the sender, and of those who are told."""
    addresses = environment.MAIL_TO.value()
    if not addresses:
        raise UserError(
            Sentence("No e-mail can be sent: set {name} to the addresses.", name=environment.MAIL_TO.name)
        )
    return (environment.MAIL_FROM.value() or addresses)[0], addresses


def _send(server: SplitResult, message: EmailMessage, user: str, password: str) -> str:
    """Send a message; returns why that failed, or "". No reason holds what a server says, or the password."""
    try:
        with _connected(server) as connection:
            if user:
                connection.login(user, password)
            refused = connection.send_message(message)
        return f"it refused {', '.join(refused)}" if refused else ""
    except smtplib.SMTPAuthenticationError:
        return "it refused the login"
    except smtplib.SMTPNotSupportedError:
        return "it offers no encryption (STARTTLS), or no login"
    except smtplib.SMTPRecipientsRefused as error:
        return f"it refused {', '.join(error.recipients)}"
    except smtplib.SMTPResponseException as error:
        return f"it answered {error.smtp_code}"
    except smtplib.SMTPException:
        return "it ended the connection, or is no SMTP server"
    except UnicodeError:
        return "it takes only ASCII characters as user name and password"
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not valid: {error.verify_message}"
    except OSError as error:
        return error.strerror or str(error)


def _connected(server: SplitResult) -> smtplib.SMTP:
    """A connection to the server, encrypted unless it is on this computer and offers nothing."""
    host, port = server.hostname or "", server.port or DEFAULT_PORTS[server.scheme]
    local = host in environment.LOOPBACK
    context = ssl.create_default_context()
    if local:  # nobody else can answer there, and its certificate is mostly its own
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=LIMIT_S, context=context)
    connection = smtplib.SMTP(host, port, timeout=LIMIT_S)
    try:
        with suppress(*([smtplib.SMTPNotSupportedError] if local else [])):
            connection.starttls(context=context)
    except BaseException:
        connection.close()
        raise
    return connection
