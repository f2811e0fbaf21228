"""The API of the real server, asked by curl.

With `?anyway=1` where the answer matters: six validation images give a threshold that some test images miss.
"""

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.app import running
from core.api import guards, schema
from core.config.environment import TOKEN


@pytest.fixture(scope="module")
def address(trained, home):
    """A server whose models are those of the tests."""
    with running(home) as found:
        yield found


def curl(*arguments) -> tuple[int, dict]:
    """Status and JSON of an answer."""
    command = ["curl", "-s", "-w", "\n%{http_code}", *map(str, arguments)]
    body, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rsplit("\n", 1)
    return int(status), json.loads(body)


@pytest.fixture(scope="module")
def images(demo) -> list[Path]:
    return sorted((demo / "test").glob("*/*.jpeg"))


def test_a_file_gets_the_answer_that_training_kept(address, images, trained, demo):
    status, answer = curl("-F", f"file=@{images[0]}", f"{address}/api/predict?anyway=1")
    assert status == 200 and "Not a medical device" in answer["notice"]
    result = answer["results"][0]
    kept = trained.results.predictions(3, "test").set_index("path")["probability"]
    assert result["probability"] == pytest.approx(kept[str(images[0].relative_to(demo))], abs=0.01)
    assert answer["model"]["stage"] == 3 and answer["model"]["synthetic"] and answer["seconds"] > 0


def test_a_bad_file_never_spoils_the_others(address, images, tmp_path):
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"x" * 500)
    status, answer = curl(
        "-F",
        f"a=@{images[0]}",
        "-F",
        f"b=@{bad}",
        "-F",
        f"c=@{images[1]}",
        f"{address}/api/predict?heatmap=1&stage=1&anyway=1",
    )
    assert status == 200 and answer["model"]["stage"] == 1
    assert ["error" in result for result in answer["results"]] == [False, True, False]
    assert answer["results"][0]["heatmap"].startswith("iVBOR") and "stages" not in answer["results"][0]
    schema.Results.model_validate(answer)
    status, answer = curl("-F", f"a=@{images[0]}", f"{address}/api/predict?opinions=1&anyway=1")
    schema.Results.model_validate(answer)
    result = answer["results"][0]
    assert status == 200 and set(result["stages"]) == {"1", "2", "3"} and result["changes"] in (4, 8)
    assert result["stages"]["3"]["probability"] == result["probability"]
    status, answer = curl("-F", f"b=@{bad}", f"{address}/api/predict?anyway=1")
    assert status == 422 and "not an image" in answer["results"][0]["error"]


@pytest.mark.parametrize(
    ("arguments", "path", "status"),
    [
        (["-d", "x=1"], "predict", 415),
        (["-F", "text=hello"], "predict", 400),
        (["-H", "content-type: multipart/form-data", "-d", "x"], "predict", 400),
        (["-F", "f=@{image}"], "predict?stage=7", 404),
        (["-H", "Host: evil.example", "-F", "f=@{image}"], "predict", 400),
        (["-H", "Origin: http://evil.example", "-F", "f=@{image}"], "predict", 403),
        ([], "nothing", 404),
        (["-X", "DELETE"], "models", 405),
    ],
)
def test_what_is_wrong_gets_a_status_and_a_reason(address, images, arguments, path, status):
    filled = [argument.format(image=images[0]) for argument in arguments]
    found, answer = curl(*filled, f"{address}/api/{path}")
    assert (found, bool(answer["error"])) == (status, True)


def test_what_is_no_image_gets_no_answer_unless_asked_for(address, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    status, answer = curl("-F", f"f=@{tmp_path / 'noise.png'}", f"{address}/api/predict")
    result = answer["results"][0]
    assert status == 422 and result["withheld"] == "no lungs" and "label" not in result
    status, answer = curl("-F", f"f=@{tmp_path / 'noise.png'}", f"{address}/api/predict?anyway=1")
    warnings = answer["results"][0]["warnings"]
    assert status == 200 and "No lungs found" in warnings[0] and "Outside the range" in warnings[1]


def test_too_large_a_body_is_refused_while_it_is_read(address, tmp_path):
    large = tmp_path / "large.png"
    with open(large, "wb") as file:
        file.truncate(guards.MAX_BYTES + 2**20)
    status, answer = curl(
        "-H", "Transfer-Encoding: chunked", "-F", f"f=@{large}", f"{address}/api/predict?anyway=1"
    )
    assert status == 413 and "100 MiB" in answer["error"]


def test_health_models_and_description(address):
    assert curl(f"{address}/api/health") == (200, {"status": "ok", "models": 3})
    models = schema.Models.model_validate(curl(f"{address}/api/models")[1]).models
    assert [model.stage for model in models] == [1, 2, 3]
    description = curl(f"{address}/api/openapi.json")[1]
    assert list(description["paths"]) == ["/api/predict", "/api/health", "/api/models"]
    parameters = description["paths"]["/api/predict"]["post"]["parameters"]
    assert [item["name"] for item in parameters] == [
        "stage",
        "heatmap",
        "sharper_heatmap",
        "opinions",
        "anyway",
    ]


def test_twenty_at_once_get_each_their_own_answer(address, images):
    asking = f"{address}/api/predict?anyway=1"
    alone = {image: curl("-F", f"f=@{image}", asking)[1]["results"][0] for image in images[:10]}
    with ThreadPoolExecutor(10) as pool:
        asked = [*images[:10], *images[:10]]
        found = pool.map(lambda image: curl("-F", f"f=@{image}", asking), asked)
        for image, (status, answer) in zip(asked, found, strict=True):
            assert status == 200
            assert answer["results"][0]["probability"] == pytest.approx(alone[image]["probability"], abs=1e-5)


def test_a_token_is_asked_for_where_one_is_set(trained, home, images, monkeypatch):
    monkeypatch.setenv(TOKEN.name, "secret")
    with running(home) as address:
        assert curl(f"{address}/api/models")[0] == 401
        assert curl("-H", "Authorization: Bearer secret", f"{address}/api/models")[0] == 200


pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
