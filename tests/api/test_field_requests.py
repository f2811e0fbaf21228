"""Requests as other programs send them: case 25."""

import asyncio
import json
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.types import Message

from benchmarks.app import running
from core.api import schema
from core.api.routes import api
from tests.images.dicom_files import CHEST
from tests.images.picture_files import png

IMAGE, OTHER = png(CHEST), png(CHEST[:, ::-1])
TYPE = "multipart/form-data; boundary=edge"
MULTIPART = {"content-type": TYPE}
ROUTES = {"/api/predict": {"POST"}, "/api/health": {"GET", "HEAD"}}
ROUTES |= dict.fromkeys(("/api/models", "/api/openapi.json"), {"GET", "HEAD"})
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "ODD"]


@pytest.fixture(autouse=True)
def bundled_model(own_home, narrow_bundle):
    """A bundled model answers."""


def asked(
    method: str, address: str, body: bytes | list[bytes | None] = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], dict]:
    """Status, headers and JSON of the API's answer; a None at the end of a body is a lost connection."""
    parts = urlsplit(address)
    scope = {
        "type": "http",
        "method": method,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(b"host", b"localhost")]
        + [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
        "scheme": "http",
        "server": ("localhost", 80),
        "client": ("localhost", 1),
        "http_version": "1.1",
    }
    chunks = body if isinstance(body, list) else [body]
    incoming = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks[:-1]]
    last = {"type": "http.request", "body": chunks[-1], "more_body": False}
    incoming.append({"type": "http.disconnect"} if chunks[-1] is None else last)
    sent: list[Message] = []

    async def receive() -> dict:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(api(scope, receive, send))
    content = b"".join(message.get("body", b"") for message in sent[1:])
    answer_headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answer_headers, json.loads(content) if content else {}


def part(data: bytes, disposition: str = 'name="file"; filename="a.png"') -> bytes:
    return f"--edge\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--edge--\r\n"


def predicted(
    body: bytes | list[bytes | None], query: str = "anyway=1", kind: str = TYPE
) -> tuple[int, dict]:
    status, _, content = asked("POST", f"/api/predict?{query}", body, {"content-type": kind})
    return status, content


def names(body: bytes) -> list[str]:
    status, content = predicted(body)
    assert status == 200, content
    schema.Results.model_validate(content)
    return [result["file"] for result in content["results"]]


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", METHODS)
def test_f25_a_wrong_method_is_405_with_the_right_ones(path, method):
    status, headers, content = asked(method, path)
    if method in ROUTES[path]:
        assert status in (200, 415)
        return
    assert set(headers["allow"].split(", ")) == ROUTES[path] | {"OPTIONS"}
    assert status == (204 if method == "OPTIONS" else 405)
    assert method == "OPTIONS" or (method in content["error"] and path in content["error"])


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/predict/", "/api/predict/1", "/api/Health"]
)
@pytest.mark.parametrize("method", METHODS)
def test_f25_an_unknown_path_is_404_for_every_method(path, method):
    status, _, content = asked(method, path)
    assert status == 404 and path in content["error"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "DELETE"])
def test_f25_other_methods_are_guarded_too(method, monkeypatch):
    assert asked(method, "/api/predict", headers={"origin": "http://evil.example"})[0] == 403
    monkeypatch.setenv("PNEUMONIA_STUDIO_TOKEN", "secret")
    assert asked(method, "/api/predict")[0] == 401


TRUE = ["1", "true", "True", "TRUE", "yes", "Yes", "on", "ON", "t", "y"]
FALSE = ["0", "false", "False", "FALSE", "no", "No", "off", "f", "n"]


@pytest.mark.parametrize(
    ("value", "wanted"), [*((text, True) for text in TRUE), *((text, False) for text in FALSE)]
)
def test_f25_a_switch_takes_the_usual_spellings(value, wanted):
    status, content = predicted(form(part(IMAGE)), f"anyway=1&heatmap={value}")
    assert status == 200 and ("heatmap" in content["results"][0]) == wanted


@pytest.mark.parametrize("name", ["heatmap", "sharper_heatmap", "opinions", "anyway"])
@pytest.mark.parametrize("value", ["maybe", "2", "", "-1", "1.5", "None", "tru", "1%00", "%E5%B1%B1", "1,0"])
def test_f25_another_value_is_refused_by_name_and_value(name, value):
    status, content = predicted(form(part(IMAGE)), f"{name}={value}")
    assert status == 422 and name in content["error"] and "true or false" in content["error"]
    assert value.startswith(("1%", "%")) or repr(value) in content["error"]


@pytest.mark.parametrize(
    "query", ["heatmaps=1", "Heatmap=1", "heat_map=1", "stage=3&x", "anyway[]=1", "anyway=1&q="]
)
def test_f25_an_unknown_parameter_is_refused_by_name(query):
    status, content = predicted(form(part(IMAGE)), query)
    assert (
        status == 422 and "has no parameter" in content["error"] and "heatmap, opinions" in content["error"]
    )


def test_f25_parameters_of_models_and_repeated_ones_are_refused():
    assert asked("GET", "/api/models?stage=1")[0] == 422
    assert asked("GET", "/api/health?now=1")[0] == 200  # monitors add them against caches
    status, content = predicted(form(part(IMAGE)), "heatmap=1&heatmap=0")
    assert status == 422 and "heatmap is given 2 times" in content["error"]


TWO = form(part(IMAGE), part(OTHER, 'name="file"; filename="b.png"'))


@pytest.mark.parametrize(
    "lost", [1, 2, 3, 4, 5, 6, 7, 8, 9, 20, len(OTHER) // 2, len(OTHER) + 40, len(TWO) - 5, len(TWO)]
)
def test_f25_a_form_that_is_cut_off_is_refused(lost):
    whole = predicted(TWO)
    assert whole[0] == 200 and len(whole[1]["results"]) == 2
    status, content = predicted(TWO[:-lost])
    if lost <= 2:  # after the last boundary only a line end is missing
        assert status == 200 and len(content["results"]) == 2
    else:
        assert status == 400 and ("cut off" in content["error"] or "cannot be read" in content["error"])


def test_f25_a_form_in_pieces_is_whole_and_a_lost_connection_is_not():
    pieces: list[bytes | None] = [TWO[start : start + 7] for start in range(0, len(TWO), 7)]
    status, content = predicted(pieces)
    assert status == 200 and [result["file"] for result in content["results"]] == ["a.png", "b.png"]
    status, content = predicted([*pieces[:100], None])
    assert status == 400 and "connection ended" in content["error"]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('name="file"; filename="a.png"', "a.png"),
        ("name=file; filename=a.png", "a.png"),
        ('name="anything"; filename="IM 0001"', "IM 0001"),
        ("name=\"f\"; filename*=UTF-8''%e5%b1%b1%20a.png", "山 a.png"),
        ("name=\"f\"; filename*=iso-8859-1'en'%A3.png", "£.png"),
        ('name="f"; filename="plain.png"; filename*=UTF-8\'\'%e5%b1%b1.png', "山.png"),
        ("name=\"f\"; filename*=UTF-8''%ff%fe.png", "\ufffd\ufffd.png"),
        ("name=\"f\"; filename*=bogus''a.png", "a.png"),
        ('name="f"; filename*0="lo"; filename*1="ng.png"', "long.png"),
        ("name=\"f\"; FILENAME*=utf-8''a%0Ab.png", "a\\x0ab.png"),
        ('name="f"; filename="山.png"', "山.png"),
        ('name="f"; filename="a\\"b.png"', 'a"b.png'),
        ('name="f"; filename=""', "image"),
        ('name="f"; filename="a\x1b.png"', "a\\x1b.png"),
    ],
)
def test_f25_names_in_any_character_set_reach_the_result(disposition, name):
    status, content = predicted(form(part(IMAGE, disposition), part(OTHER, 'name="file"; filename="b.png"')))
    assert status == 200 and [result["file"] for result in content["results"]] == [name, "b.png"]


def test_f25_equal_names_are_told_apart():
    same = [part(data) for data in (IMAGE, OTHER, IMAGE)]
    unnamed = [part(data, 'name="f"; filename=""') for data in (IMAGE, OTHER)]
    assert names(form(*same, *unnamed)) == ["a.png", "a (2).png", "a (3).png", "image", "image (2)"]


def test_f25_a_part_where_no_file_was_chosen_is_left_out():
    nothing = part(b"", 'name="file"; filename=""')
    assert names(form(part(IMAGE), nothing)) == ["a.png"]
    assert "contains no file" in predicted(form(nothing))[1]["error"]
    status, content = predicted(form(part(b"", 'name="f"; filename="a.dcm"'), part(IMAGE)))
    assert status == 200 and "0 bytes" in content["results"][0]["error"]


@pytest.mark.parametrize("field", ['name="heatmap"', 'name="file"'])
def test_f25_a_text_field_is_refused_by_name(field):
    status, content = predicted(form(part(IMAGE), part(b"1", field)))
    assert status == 400 and field.split('"')[1] in content["error"] and "?heatmap=1" in content["error"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (TWO, "multipart/form-data", 400),
        (TWO, "multipart/form-data; boundary=", 400),
        (TWO, "multipart/form-data; boundary=other", 400),
        (TWO, "multipart/form-data; boundary=" + "x" * 300, 400),
        (TWO, TYPE.replace("boundary", "BOUNDARY"), 200),
        (TWO, TYPE.replace("multipart", "Multipart"), 200),
        (TWO, 'multipart/form-data; boundary="edge"', 200),
        (TWO, "multipart/form-data; charset=utf-8; boundary=edge", 200),
        (TWO, "multipart/form-data; charset=none-such; boundary=edge", 200),
        (TWO, "multipart/mixed; boundary=edge", 415),
        (TWO, "multipart/form-database; boundary=edge", 415),
        (IMAGE, "image/png", 415),
        (b"", TYPE, 400),
        (b"--edge--\r\n", TYPE, 400),
        (IMAGE, TYPE, 400),
        (form(b"--edge\r\nContent-Type: image/png\r\n\r\nx\r\n"), TYPE, 400),
        (form(part(IMAGE, 'filename="a.png"')), TYPE, 400),
        (TWO + b"more", TYPE, 200),
        (form(*[part(b"x")] * 65), TYPE, 400),
    ],
)
def test_f25_a_form_that_is_none_is_refused_with_a_reason(body, kind, status):
    found, content = predicted(body, kind=kind)
    assert found == status and bool(content.get("error")) == (status != 200)


def raw(address: str, request: bytes, hang_up: bool = False) -> bytes:
    """What the real server sends for the bytes of a request."""
    host = urlsplit(address)
    with socket.create_connection((str(host.hostname), host.port or 80), 30) as connection:
        connection.sendall(request.replace(b"HOST", host.netloc.encode()))
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


@pytest.mark.slow
def test_f25_the_real_server_answers_alike(own_home: Path):
    head = "POST /api/predict?anyway=1 HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nContent-Type: {}\r\n"
    start = head.format(TYPE).encode()
    shutil.rmtree(own_home, ignore_errors=True)
    end = b" HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
    with running(own_home) as address:
        for length, status in ((len(TWO), b"200"), (len(TWO) - 30, b"400"), (len(OTHER), b"400")):
            answer = raw(address, start + f"Content-Length: {length}\r\n\r\n".encode() + TWO[:length])
            assert answer.split()[1] == status
        for method in (b"GET", b"PUT", b"DELETE", b"OPTIONS"):
            answer = raw(
                address, method + b" /api/predict HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
            )
            assert answer.split()[1] == (b"204" if method == b"OPTIONS" else b"405")
            assert b"allow: post, options" in answer.lower()
        too_long = raw(
            address, start + f"Content-Length: {len(TWO) + 99}\r\n\r\n".encode() + TWO, hang_up=True
        )
        assert not too_long or too_long.split()[1] == b"400"
        assert raw(address, start + b"Content-Length: many\r\n\r\n" + TWO).split()[1] == b"400"
        assert raw(address, b"GET /api/health" + end).split()[1] == b"200"
        (log,) = own_home.glob("server-*.log")
        assert "Traceback" not in log.read_text()
