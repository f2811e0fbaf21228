"""A server that listens to what the product tells a webhook."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread

SECRET = "/services/secret"  # of its address


@contextmanager
def listening(
    status: int = 204, silent: bool = False, location: str = ""
) -> Iterator[tuple[str, list[dict]]]:
    """A server that answers all requests alike, or not at all; gives its address and what it is told."""
    told, over = [], Event()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if silent:
                over.wait()
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{SECRET}", told
        finally:
            over.set()
            server.shutdown()
            thread.join()
