"""E-mail through a real server on this computer, encrypted and not."""

import pytest
from mail_server import LOGIN, mail_server

from core.config import environment
from core.errors import UserError
from core.mail_message import send_mail


@pytest.fixture
def to(monkeypatch):
    """Sets the server, and by name any other variable."""

    def set_server(address: str, **others: str) -> None:
        variables = {"SERVER": address, "TO": "ada@example.org, grace@example.org", **others}
        for name, text in variables.items():
            monkeypatch.setenv(f"PNEUMONIA_STUDIO_MAIL_{name}", text)

    return set_server


def test_a_message_arrives_at_every_address(to):
    with mail_server() as mailbox:
        to(mailbox.server, FROM="studio@example.org")
        assert send_mail("Red", "Results withheld: 28 of 50 …") == ""
    (message,) = mailbox.messages
    assert message["To"] == "ada@example.org, grace@example.org" and message["From"] == "studio@example.org"
    assert message["Subject"] == "Red" and message.get_content().strip() == "Results withheld: 28 of 50 …"
    assert message["Date"] and not mailbox.logins


def test_a_login_is_encrypted_where_the_server_can(to, certificates, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    with mail_server(certificates) as mailbox:
        to(mailbox.server, USER="studio", PASSWORD="correct horse")
        assert send_mail("Red", "It turned.") == ""
        to(mailbox.server, USER="studio", PASSWORD="wrong")
        assert send_mail("Red", "It turned.") == "it refused the login"
    assert mailbox.logins[0] == (LOGIN, True) and len(mailbox.messages) == 1
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "no.pem"))
    with mail_server(certificates) as mailbox:
        to(mailbox.server, PASSWORD="correct horse")
        assert send_mail("Red", "It turned.") == "" and len(mailbox.messages) == 1
    monkeypatch.setattr(environment, "LOOPBACK", ())  # as if it were elsewhere
    with mail_server(certificates) as mailbox:
        to(mailbox.server)
        assert send_mail("Red", "It turned.").startswith("its certificate is not valid: ")
    assert not mailbox.messages


@pytest.mark.parametrize(
    ("refuses", "reason"),
    [("RCPT", "it refused ada@example.org, grace@example.org"), ("MAIL", "it answered 550")],
)
def test_a_refusal_is_told(to, refuses, reason):
    with mail_server(refuses=refuses) as mailbox:
        to(mailbox.server)
        assert send_mail("Red", "It turned.") == reason
    assert not mailbox.messages


def test_a_login_that_smtp_cannot_take_is_told(to):
    with mail_server() as mailbox:
        to(mailbox.server, USER="studio", PASSWORD="pässword")
        assert send_mail("Red", "It turned.") == "it takes only ASCII characters as user name and password"


def test_nobody_who_listens_is_told(to):
    to("smtp://127.0.0.1:9")
    assert send_mail("Red", "It turned.") == "Connection refused"


def test_a_server_elsewhere_must_encrypt(to, monkeypatch):
    monkeypatch.setattr(environment, "LOOPBACK", ())  # as if it were elsewhere
    with mail_server() as mailbox:
        to(mailbox.server)
        assert send_mail("Red", "It turned.") == "it offers no encryption (STARTTLS), or no login"
    assert not mailbox.messages


SERVERS = ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://a..b", "smtp://ada:secret@host"]


@pytest.mark.parametrize("server", SERVERS)
def test_an_address_that_is_none_is_refused_and_no_password_shown(to, server):
    to(server)
    with pytest.raises(UserError, match="PNEUMONIA_STUDIO_MAIL_SERVER") as error:
        send_mail("Red", "It turned.")
    assert "secret" not in str(error.value)


def test_addresses_are_split_at_commas_and_semicolons_and_checked(to):
    to("smtp://127.0.0.1:9", TO="ada@example.org;grace@example.org, ")
    assert environment.MAIL_TO.value() == ("ada@example.org", "grace@example.org")
    to("smtp://127.0.0.1:9", TO="ada@example@org")
    with pytest.raises(UserError, match="MAIL_TO is 'ada@example@org'; give e-mail addresses"):
        send_mail("Red", "It turned.")


def test_a_line_break_cannot_become_a_header(to):
    to("smtp://127.0.0.1:9", TO="ada@example.org\nBcc: eve@example.org")
    with pytest.raises(UserError, match="PNEUMONIA_STUDIO_MAIL_TO"):
        send_mail("Red", "It turned.")
