"""The script beside an exported model: it predicts one image, in a dozen lines, without this project."""

RUNTIMES = {
    "onnx": (
        "onnxruntime",
        'model = onnxruntime.InferenceSession(folder / about["file"])',
        'model.run(None, {"radiograph": pixels})[0]',
    ),
    "openvino": (
        "openvino",
        'model = openvino.compile_model(folder / about["file"], "CPU")',
        "model(pixels)[0]",
    ),
    "keras": (
        "keras",
        'model = keras.models.load_model(folder / about["file"])',
        "model.predict(pixels, verbose=0)",
    ),
}
SCRIPT = '''"""Predict one 8-bit image: python use.py IMAGE. Needs numpy, pillow and {package}."""

import json
import sys
from pathlib import Path

import numpy as np
import {package}
from PIL import Image

folder = Path(__file__).parent
about = json.loads((folder / "input.json").read_text())
if (about["input"]["preprocessing"], about["input"]["framing"]) != ("none", "whole"):
    sys.exit("This script does not preprocess or frame images as input.json says that this model needs it.")
image = Image.open(sys.argv[1]).convert("L").resize((128, 128), Image.Resampling.BILINEAR)
pixels = np.asarray(image, np.float32)[None, :, :, None].repeat(3, axis=3) / 255
{load}
probability = float({predict}[0, 1])
label = "PNEUMONIA" if probability >= about["threshold"] else "NORMAL"
print(f"{{label}} (score {{probability:.4f}}). {{about['notice']}}")
'''


def script(kind: str) -> str:
    """The script for a network in one of the formats."""
    package, load, predict = RUNTIMES[kind]
    return SCRIPT.format(package=package, load=load, predict=predict)
