"""The script beside an exported model: it predicts one image, in a few lines, without this project."""

RUNTIMES = {
    "onnx": (
        "onnxruntime",
        'model = onnxruntime.InferenceSession(folder / about["file"])',
        'model.run(None, {"radiograph": pixels})[0]',
    ),
    "openvino": (
        "openvino",
        'model = openvino.compile_model(folder / about["file"], "CPU", {"INFERENCE_PRECISION_HINT": "f32"})',
        "model(pixels)[0]",
    ),
    "keras": (
        "keras",
        'model = keras.models.load_model(folder / about["file"])',
        "model.predict(pixels, verbose=0)",
    ),
}
SCRIPT = '''"""Predict one 8-bit image. Needs numpy, pillow and {package}.

python use.py IMAGE                          where input.json says that the model sees whole images
python use.py IMAGE LEFT TOP RIGHT BOTTOM    where it sees the lungs: their box, as shares of the sides
                                             from 0 to 1; without plausible lungs, 0 0 1 1
"""

import json
import sys
from pathlib import Path

import numpy as np
import {package}
from PIL import Image

folder = Path(__file__).parent
about = json.loads((folder / "input.json").read_text())
if about["input"]["preprocessing"] != "none":
    sys.exit("This script does not preprocess images as input.json says that this model needs it.")
margin = about["input"].get("lung_margin")
if len(sys.argv) != (2 if margin is None else 6):
    sys.exit(__doc__)
box = np.array(sys.argv[2:] or [0, 0, 1, 1], float).reshape(2, 2)  # left and top, right and bottom
if not ((0 <= box) & (box <= 1)).all() or not (box[0] < box[1]).all():
    sys.exit(__doc__)
if margin is not None:
    box = np.clip(box + margin * (box[1] - box[0]) * [[-1], [1]], 0, 1)
image = Image.open(sys.argv[1]).convert("L")
image = image.resize((128, 128), Image.Resampling.BILINEAR, tuple((box * image.size).ravel()))
pixels = np.asarray(image, np.float32)[None, :, :, None].repeat(3, axis=3) / 255
{load}
probability = float({predict}[0, 1])
label = "PNEUMONIA" if probability >= about["threshold"] else "NORMAL"
if (zones := about["zones"]) and zones["low"] <= probability <= zones["high"]:
    label = "UNDECIDED"
print(f"{{label}} (score {{probability:.4f}}). {{about['notice']}}")
'''


def script(kind: str) -> str:
    """The script for a network in one of the formats."""
    package, load, predict = RUNTIMES[kind]
    return SCRIPT.format(package=package, load=load, predict=predict)
