"""A mail server that listens to what the product sends: as much of SMTP as that takes."""

import base64
import socketserver
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Thread

LOGIN = "\0studio\0correct horse"  # as AUTH PLAIN sends it


@dataclass
class Mailbox:
    """What a server was told.

    Attributes:
        server: its address.
        messages: received.
        logins: of clients, and whether each was encrypted.
    """

    server: str = ""
    messages: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[str, bool]] = field(default_factory=list)


@contextmanager
def mail_server(certificates: Path | None = None, refuses: str = "") -> Iterator[Mailbox]:
    """A server on a free port of this computer.

    Args:
        certificates: folder with `cert.pem` and `key.pem`, for STARTTLS; without it, the server offers none.
        refuses: first word of a command that it refuses.
    """
    mailbox = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def answer(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.answer("220 ready")
            while line := self.rfile.readline().decode().strip():
                command, _, rest = line.partition(" ")
                if command.upper() == refuses:
                    self.answer("550 no")
                else:
                    getattr(self, f"do_{command.lower()}")(rest)

        def do_ehlo(self, _: str) -> None:
            encrypted = isinstance(self.connection, ssl.SSLSocket)
            offers = ["AUTH PLAIN"] if encrypted or not certificates else ["STARTTLS"]
            self.answer("\r\n".join(["250-here", *(f"250-{offer}" for offer in offers), "250 OK"]))

        def do_starttls(self, _: str) -> None:
            self.answer("220 go ahead")
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

        def do_auth(self, rest: str) -> None:
            login = base64.b64decode(rest.split()[1]).decode()
            mailbox.logins.append((login, isinstance(self.connection, ssl.SSLSocket)))
            self.answer("235 welcome" if login == LOGIN else "535 no")

        def do_mail(self, _: str) -> None:
            self.answer("250 OK")

        do_rcpt = do_rset = do_mail

        def do_data(self, _: str) -> None:
            self.answer("354 go ahead")
            lines = iter(self.rfile.readline, b".\r\n")
            mailbox.messages.append(message_from_bytes(b"".join(lines), policy=policy.default))
            self.answer("250 OK")

        def do_quit(self, _: str) -> None:
            self.answer("221 bye")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        mailbox.server = f"smtp://127.0.0.1:{server.server_address[1]}"
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
