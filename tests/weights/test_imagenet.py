import http.server
import threading

import pytest

from core.architecture import BACKBONES
from core.weights import imagenet


@pytest.fixture
def server(monkeypatch):
    """A web server that has one file and counts who asks; it answers while it may."""
    asked, may_answer = [], threading.Event()
    may_answer.set()
    monkeypatch.setattr(imagenet, "TIMEOUT_S", 60)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            asked.append(self.path)
            may_answer.wait()
            self.send_response(200 if self.path == "/weights.h5" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{web.server_port}", asked, may_answer
    may_answer.set()
    web.shutdown()


@pytest.mark.parametrize(("file", "available"), [("weights.h5", True), ("other.h5", False)])
def test_a_file_can_be_downloaded_where_the_server_has_it(server, file, available):
    address, asked, _ = server
    check = imagenet.DownloadCheck(f"{address}/{file}")
    check.start()
    assert check.result(60) is available
    check.start()
    assert asked == [f"/{file}"], "a recent result is not asked for again"


def test_without_a_connection_there_is_no_download():
    check = imagenet.DownloadCheck("http://127.0.0.1:9/weights.h5")
    check.start()
    assert check.result(60) is False


def test_nobody_waits_for_a_slow_server(server):
    address, _, may_answer = server
    may_answer.clear()
    check = imagenet.DownloadCheck(f"{address}/weights.h5")
    check.start()
    assert check.result() is None
    may_answer.set()
    assert check.result(60) is True


@pytest.mark.parametrize(
    ("backbone", "file"),
    [
        ("vgg19", "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("resnet50", "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("efficientnetb0", "efficientnetb0_notop.h5"),
    ],
)
def test_a_file_in_the_cache_of_keras_is_found(backbone, file, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert not imagenet.is_cached(BACKBONES[backbone])
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / file).touch()
    assert imagenet.is_cached(BACKBONES[backbone])
    assert not imagenet.is_cached(BACKBONES["densenet121"])
