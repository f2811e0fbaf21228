import http.server
import threading

import numpy as np
import pytest

from core.architecture import BACKBONES
from core.errors import UserError
from core.network import build, set_arrays, starting_weights
from core.network.starting_weights import normalized_as_imagenet

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path):
    """A web server that answers as told."""
    answers = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answers["it"]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield answers, f"http://127.0.0.1:{web.server_port}/weights.h5"
    web.shutdown()


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def test_none_means_random_weights():
    assert starting_weights("none") == {}


def test_without_a_connection_the_way_out_is_told():
    with pytest.raises(UserError) as caught:
        starting_weights("imagenet", url="http://127.0.0.1:9/weights.h5")
    text = str(caught.value)
    for part in ("80,134,624 bytes", "253f8cb515780f3b799900260a226db6", "_notop.h5", "models", "`none`"):
        assert part in text


@pytest.mark.parametrize("answer", [(404, b"no"), (200, b"not the weights")])
def test_a_wrong_answer_is_never_used(server, answer, tmp_path):
    answers, url = server
    answers["it"] = answer
    with pytest.raises(UserError, match="could not be downloaded"):
        starting_weights("imagenet", url=url)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="The weights file .*mine.h5 does not exist"):
        starting_weights(str(tmp_path / "mine.h5"))


def test_efficientnet_divides_by_the_deviations_of_imagenet():
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    network = build(backbone=BACKBONES["efficientnetb0"].at_width(1 / 16))
    arrays = normalized_as_imagenet({"normalization": (mean, deviation, np.array(0))})  # as in Keras's file
    set_arrays(network, arrays)
    pixels = np.random.default_rng(0).random((1, 4, 4, 3), np.float32)
    assert np.allclose(network.get_layer("normalization")(pixels), (pixels - mean) / deviation, atol=1e-5)
    assert normalized_as_imagenet(arrays) == arrays  # of a network that was trained here
