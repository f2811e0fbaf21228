"""Signed links: of one path, for some hours, the same for all servers of a home."""

import subprocess
import sys

import pytest
from itsdangerous import TimestampSigner

from core.access import check_signature, links, signed
from core.config import environment
from core.errors import UserError

PATH = "/studio/runs/recommended.zip"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv(environment.HOME.name, str(tmp_path))
    return tmp_path


def test_a_link_opens_its_own_path_only():
    signature = signed(PATH)
    check_signature(PATH, signature)
    for path, other in [
        ("/studio/runs/secret.zip", signature),
        (PATH, ""),
        (PATH, signature[:-1]),
        (PATH, "ü" + signature),
        ("", f"{PATH}.{signature}"),
        ("/studio/runs", f"/recommended.zip.{signature}"),
    ]:
        with pytest.raises(UserError, match="This link is not valid"):
            check_signature(path, other)


def test_a_link_ends(monkeypatch):
    signature = signed(PATH)
    now = TimestampSigner("any").get_timestamp()
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: now + links.VALID_HOURS * 3600 + 60)
    with pytest.raises(UserError, match="valid for 12 hours"):
        check_signature(PATH, signature)


def test_another_process_of_the_home_accepts_it(own_home):
    signature = signed(PATH)
    program = "import sys; from core.access import check_signature; check_signature(*sys.argv[1:])"
    subprocess.run([sys.executable, "-c", program, PATH, signature], check=True)
    assert (own_home / links.KEY).stat().st_mode & 0o777 == 0o600


def test_without_a_home_to_write_to_links_hold_in_this_process(own_home, monkeypatch):
    (own_home / "file").write_text("")
    monkeypatch.setenv(environment.HOME.name, str(own_home / "file" / "home"))
    check_signature(PATH, signed(PATH))
