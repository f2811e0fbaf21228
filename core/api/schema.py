"""The JSON of the API as types; its OpenAPI description is made from them."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Values without undeclared keys."""

    model_config = ConfigDict(extra="forbid")


class StagePrediction(Strict):
    """What one stage predicts; probabilities of pneumonia before and after calibration, null as in a result.

    Of an ensemble, `member_lowest` and `member_highest` are the lowest and highest calibrated probability of
    its members.
    """

    label: str
    probability: float | None
    calibrated: float | None
    member_lowest: float | None = None
    member_highest: float | None = None


class SimilarImage(Strict):
    """A training image that is similar to the image; cosine distance of the last hidden layer."""

    sha256: str
    label: str
    distance: float


class SimilarTestImages(Strict):
    """The test images with the nearest calibrated probabilities, from `lowest` to `highest`."""

    images: int
    with_pneumonia: int
    lowest: float
    highest: float


class Result(Strict):
    """What the model says about one file: an error, or a prediction.

    An error that says that this computer is too busy does not concern the file: send it again later.

    `model` is name, version and digest of the model that read the image.
    `score_note` says why there is no percentage: the score of an image unlike those that the model was
    trained on means nothing. `probability`, `calibrated` and those of the second opinion are then null, and
    `raw_probability` is the number that the network computed.
    `withheld` is the reason why a result is withheld. `framing` is the part of the image that the model saw,
    `whole` or `lungs`; `framing_reason` says why it is the whole image where the model is framed by lungs.
    `similar_test_images` says how many of the model's test images scored alike have pneumonia: what the
    probability was worth there.
    With a heat map and plausible lungs, `heat_in_lungs` is the share of the heat in the lungs; `heat_side` is
    the patient's lung with more of it, and `heat_third` the third of that lung.
    `sharper_heatmap` is the sharper map, drawn in the lungs only, where the share `sharper_in_lungs` of its
    heat lies (null without heat); `sharper_note` says why there is none although it was asked for.
    An ensemble's members give calibrated probabilities from `member_lowest` to `member_highest`.
    `zone` is `rule out`, `undecided` or `rule in`, if a hospital gave the model zones; else null.
    `otherwise` of `changes` shifted or mirrored copies get another label; `finding` is UNCERTAIN if more than
    one does. Probabilities range from `lowest` to `highest`.
    """

    file: str
    error: str | None = None
    withheld: str | None = None
    label: str | None = None
    probability: float | None = None
    calibrated: float | None = None
    raw_probability: float | None = None
    score_note: str | None = None
    zone: str | None = None
    member_lowest: float | None = None
    member_highest: float | None = None
    model: str | None = None
    facts: dict[str, str] | None = None
    warnings: list[str] | None = None
    framing: str | None = None
    framing_reason: str | None = None
    similar_test_images: SimilarTestImages | None = None
    heatmap: str | None = None
    heat_in_lungs: float | None = None
    heat_side: str | None = None
    heat_third: str | None = None
    sharper_heatmap: str | None = None
    sharper_in_lungs: float | None = None
    sharper_note: str | None = None
    finding: str | None = None
    otherwise: int | None = None
    changes: int | None = None
    lowest: float | None = None
    highest: float | None = None
    stages: dict[int, StagePrediction] | None = None
    similar: list[SimilarImage] | None = None


class Member(Strict):
    """A model of an ensemble; `version` and `weights` as in a model, the title of its backbone."""

    name: str
    version: int
    weights: str
    backbone: str


class Zones(Strict):
    """Probabilities before calibration below which pneumonia is ruled out and above which it is ruled in.

    `rule` says on what they were found, to rule out at most the share `miss_rate` of images with pneumonia
    and rule in at most the share `false_alarm_rate` of the others.
    """

    low: float
    high: float
    miss_rate: float
    false_alarm_rate: float
    rule: str


class Model(Strict):
    """Which model it is, where it comes from, its decision threshold and its metrics.

    `version` is 0 for a model that is not registered; `weights` are the first eight characters of the
    weights file's SHA-256. An ensemble has stage 0 and `members`, on whose weights its own digest depends;
    `backbone` and `width` are then those of the first.
    """

    name: str
    version: int
    weights: str
    stage: int
    backbone: str
    width: float
    run: str
    data: str
    synthetic: bool
    starting_weights: str
    preprocessing: str
    framing: str
    lung_margin: float
    threshold: float
    threshold_rule: str
    temperature_rule: str
    zones: Zones | None
    evaluation: dict | None
    members: list[Member]


class Results(Strict):
    """A result per file, in the order of the form."""

    results: list[Result]
    threshold: float
    model: Model
    precision: str
    seconds: float
    notice: str


class Models(Strict):
    """The available models."""

    models: list[Model]
    notice: str


class Health(Strict):
    """Whether the server is running, and how many models it has."""

    status: str
    models: int


class Failure(Strict):
    """Why a request is refused."""

    error: str


FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                }
            }
        },
    }
}
_REASONS = {
    400: "The form or the host is not valid, or the form is cut off.",
    401: "A valid bearer token is required.",
    403: "The request comes from a page on another site.",
    404: "There is no such model.",
    405: "The path takes another method, named in the header Allow.",
    413: "The request is too large.",
    415: "The request is not a multipart form.",
    429: "The client of the token has sent too many requests; Retry-After says how many seconds to wait.",
    503: "There is no model, too many requests are waiting, the computer has no time to read any file, or "
    "the tokens cannot be read.",
}
FAILURES: dict[int | str, dict] = {
    status: {"model": Failure, "description": reason} for status, reason in _REASONS.items()
}
UNREADABLE: dict[int | str, dict] = {
    422: {"model": Results | Failure, "description": "No file has a result, or a parameter is not valid."}
}
