"""The audit says what is known to be vulnerable, and never that nothing is where it could not ask."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def services(vulnerable: str = "") -> Iterator[str]:
    """What answers as OSV and npm's registry do: nothing is known, but of one of Python's packages."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer: dict = {}
            if self.path == "/osv" and (name := json.loads(body)["package"]["name"]) == vulnerable:
                ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}]
                affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}]
                answer = {"vulns": [{"id": "GHSA-0000", "summary": "It can.", "affected": affected}]}
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def audit(url: str, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, PROJECT / "tests/audit.py", "-s", "osv", "--osv-url", f"{url}/osv", *options],
        env={**os.environ, "npm_config_registry": url, "npm_config_fetch_retries": "0"},
        capture_output=True,
        text=True,
    )


def test_a_known_vulnerability_is_named_with_its_remedy():
    with services(vulnerable="pillow") as url:
        done = audit(url)
    assert done.returncode == 1, done.stderr
    assert "pillow 13.0.0: GHSA-0000, fixed in 99.1" in done.stdout


def test_where_every_package_was_asked_for_nothing_is_known():
    with services() as url:
        done = audit(url)
    assert (done.returncode, done.stderr) == (0, "")
    pinned = (PROJECT / "requirements.lock").read_text().count("==")
    audited, npm, end = done.stdout.splitlines()
    assert 0.9 * pinned < int(audited.split()[1]) <= pinned  # some are for other platforms
    assert npm.endswith(" 1 packages audited") and end == "No known vulnerabilities"


def test_a_service_that_cannot_be_reached_is_a_failure_in_a_sentence_for_each_lock_file():
    with services() as url:
        pass
    done = audit(url)
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "requirements.lock is not audited",
        "tests/end_to_end/package-lock.json is not audited",
    ]


def test_an_answer_that_is_not_json_is_a_failure_in_a_sentence():
    with services(vulnerable="pillow") as url:
        done = audit(url, "--format", "columns")
    (sentence,) = done.stderr.splitlines()
    assert done.returncode == 2 and "No known vulnerabilities" not in done.stdout
    assert sentence.startswith(
        "requirements.lock is not audited: the answer is not JSON, it begins with 'Name "
    )
