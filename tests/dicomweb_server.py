"""A web server that answers as a test tells it: a DICOMweb server that lies, refuses or is slow."""

import http.server
import io
import json
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pydicom

from core.dicom_node import RemoteWeb

Answer = tuple[int, bytes] | tuple[int, bytes, dict[str, str]]  # status, body, headers


@contextmanager
def server(answer: Callable[[str, str], Answer], context: ssl.SSLContext | None = None) -> Iterator[tuple]:
    """A web server that answers as told; its root, and the headers of what it was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(dict(self.headers))
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body, *more = answer(self.command, self.path)
            self.send_response(status)
            headers = {"Content-Type": "application/dicom+json"} | (more[0] if more else {})
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.headers["Content-Length"] = "0"
            self.do_POST()

        def log_message(self, *_: object) -> None:
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        web.socket = context.wrap_socket(web.socket, server_side=True)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    scheme = "https" if context else "http"
    try:
        yield RemoteWeb(f"{scheme}://127.0.0.1:{web.server_port}/dicom-web"), asked
    finally:
        web.shutdown()
        web.server_close()


@contextmanager
def dripping(begin: bytes, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """The root of a server that sends the begin of an answer, then single bytes until the client leaves."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.request.recv(2**16)
            with suppress(OSError):
                self.wfile.write(begin)
                while True:
                    self.wfile.write(b"a")
                    time.sleep(0.1)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as web:
        web.daemon_threads = True
        if context:
            web.socket = context.wrap_socket(web.socket, server_side=True)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        try:
            yield f"{'https' if context else 'http'}://127.0.0.1:{web.server_address[1]}/dicom-web"
        finally:
            web.shutdown()


def honest(command: str, path: str) -> Answer:
    """Has whatever it is asked for."""
    if command == "POST":
        return 200, b"{}"
    uid = path.partition("SOPInstanceUID=")[2].split("&")[0]
    return 200, json.dumps([{"00080018": {"vr": "UI", "Value": [uid]}}]).encode()


def file_of(image: pydicom.FileDataset) -> bytes:
    """The image as a file."""
    buffer = io.BytesIO()
    image.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def pacs_with(*images: pydicom.FileDataset, padding: int = 0) -> Callable[[str, str], Answer]:
    """Answers of a server that holds some images, whatever patient it is asked for, and gives them."""

    def listed(image: pydicom.FileDataset) -> dict:
        names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "StudyDate", "StudyTime")
        item = pydicom.Dataset()
        item.Modality = "CR"
        for name in names:
            setattr(item, name, image[name].value)
        return item.to_json_dict()

    def answer(_: str, path: str) -> Answer:
        *parts, last = path.partition("?")[0].split("/")
        uid = {"series": "StudyInstanceUID", "instances": "SeriesInstanceUID"}.get(last)
        for image in images:
            if last == image.SOPInstanceUID:
                part = b"--x\r\nContent-Type: application/dicom\r\n\r\n" + file_of(image) + bytes(padding)
                kind = 'multipart/related; type="application/dicom"; boundary=x'
                return 200, part + b"\r\n--x--\r\n", {"Content-Type": kind}
        asked = [image for image in images if uid is None or image[uid].value == parts[-1]]
        if last == "studies":
            asked = {image.StudyInstanceUID: image for image in asked}.values()
        return 200, json.dumps([listed(image) for image in asked]).encode()

    return answer
