"""One e-mail by SMTP to the addresses that the user has set, whatever it tells."""

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import SplitResult, urlsplit

from core.config import environment
from core.errors import UserError
from core.webhook_request import LIMIT_S, in_time

DEFAULT_PORTS = {"smtp": 587, "smtps": 465}


def send_mail(subject: str, text: str) -> str:
    """Send a message; returns why that failed, or "", after `LIMIT_S` at the latest.

    Encrypted from the beginning (smtps), or by STARTTLS, which only a server on this computer may lack.

    Raises:
        UserError: what the environment says of the server is not valid, or it names no addresses.
    """
    server, addresses = environment.MAIL_SERVER.value(), environment.MAIL_TO.value()
    if not addresses:
        raise UserError(f"No e-mail can be sent: set {environment.MAIL_TO.name} to the addresses.")
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = (environment.MAIL_FROM.value() or addresses)[0]
    message["To"] = ", ".join(addresses)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=message["From"].rpartition("@")[2])
    message.set_content(text)
    login = environment.MAIL_USER.value(), environment.MAIL_PASSWORD.value()
    return in_time(lambda: _send(urlsplit(server), message, *login))


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
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not valid: {error.verify_message}"
    except OSError as error:
        return error.strerror or str(error)


def _connected(server: SplitResult) -> smtplib.SMTP:
    """A connection to the server, encrypted unless it is on this computer and offers nothing."""
    host, port = server.hostname or "", server.port or DEFAULT_PORTS[server.scheme]
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=LIMIT_S, context=context)
    connection = smtplib.SMTP(host, port, timeout=LIMIT_S)
    try:
        with suppress(*([smtplib.SMTPNotSupportedError] if host in environment.LOOPBACK else [])):
            connection.starttls(context=context)
    except BaseException:
        connection.close()
        raise
    return connection
