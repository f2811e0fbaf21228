"""The report of a comparison: a folder with a PDF, a model card, tables as CSV and pictures as PNG."""

import platform
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from core import atomic, evaluation
from core.document import Picture, Section, as_markdown, write_pdf
from core.errors import UserError
from core.study import pictures
from core.study.model_card import NOT_A_DEVICE, model_card
from core.study.second_look import Loss, loss_table, losses
from core.study.study import Study

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "openvino", "plotly", "streamlit")


def write_report(study: Study, folder: Path, progress: Callable[[str], None] | None = None) -> Path:
    """Write the report of a comparison into a folder.

    Args:
        study: with operating points.
        folder: new or empty.
        progress: called with what is being done.

    Returns:
        Path of the PDF.

    Raises:
        UserError: the folder holds other files, or cannot be written.
    """
    folder = Path(folder).expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not an empty folder. Name a new one for the report.")
    say = progress or (lambda _: None)
    say("Measuring")
    found = {model.name: evaluation.measured(model, study.thresholds[model.name]) for model in study.models}
    told = {model.name: evaluation.measured(model, evaluation.DEFAULT.threshold) for model in study.baselines}
    differences = evaluation.compare(study.models, study.thresholds)
    hidden = losses(study)
    for name, table in _tables(study, found | told, differences, hidden).items():
        if len(table):
            atomic.write_text(folder / f"{name}.csv", table.to_csv(index=False))
    say("Drawing")
    drawn = pictures.draw_all(pictures.figures_of(study, found), folder / "pictures")
    say("Writing")
    card = model_card(study, found)
    atomic.write_text(folder / "model_card.md", as_markdown("Model card", card))
    sections = _sections(study, found, told, differences, hidden, drawn)
    sections += [Section(f"Model card: {part.title.lower()}", part.parts) for part in card]
    with atomic.replacing(folder / "report.pdf") as temporary:
        write_pdf(temporary, f"Comparison of {len(study.models)} models", sections)
    return folder / "report.pdf"


def _tables(study: Study, found: dict, differences: list, hidden: list[Loss]) -> dict[str, pd.DataFrame]:
    answers = [model.table.assign(model=model.name) for model in study.models]
    return {
        "metrics": evaluation.metric_table(found),
        "differences": evaluation.difference_table(differences),
        "groups": evaluation.group_table(study.models, study.thresholds),
        "predictions": pd.concat(answers, ignore_index=True),
        "hidden": loss_table(hidden),
    }


def _sections(study, found, told, differences, hidden, drawn: dict[str, Picture] | None) -> list[Section]:
    shown = drawn or {}
    return [
        Section("What this is", [_opening(study), NOT_A_DEVICE, *([] if drawn else [pictures.NO_CHROME])]),
        Section("Data", [_data(study)]),
        Section("Settings and versions", [_settings(study), _versions()]),
        Section(
            "Metrics",
            [
                "In brackets 95 % intervals: Wilson's for proportions, for the rest 2,000 bootstrap "
                "resamples of whole patients with a fixed seed.",
                evaluation.side_by_side(found),
                *_named(shown, "metrics"),
            ],
        ),
        Section(
            "Whether the models differ",
            [item.sentence() for item in differences]
            + [
                "ROC AUC by DeLong's test, the others by McNemar's exact test with Newcombe's paired "
                "intervals; p corrected by Holm for the pairs compared on a measure. All count images, not "
                "patients, as independent, so intervals are a little too narrow."
            ]
            if differences
            else ["One model alone: nothing to compare."],
        ),
        Section("Curves", _named(shown, "roc", "precision-recall", "decision", "confusion-"))
        if shown
        else Section("Curves", [pictures.NO_CHROME]),
        Section("Calibration", [_calibration(study), *_named(shown, "reliability")]),
        Section("Groups of films", _named(shown, "groups-") or ["See groups.csv."]),
        Section("What the models may be reading besides lungs", _reading(found, told, hidden, shown)),
        Section("Training", _named(shown, "training") or ["No history was kept."]),
        Section("Limits of this study", _limits(study)),
        Section("CLAIM checklist, the items that apply", [_claim(study)]),
    ]


def _named(shown: dict[str, Picture], *names: str) -> list[Picture]:
    """Pictures of these names, or that begin with one that ends in a dash."""
    return [
        picture
        for wanted in names
        for name, picture in shown.items()
        if name == wanted or (wanted.endswith("-") and name.startswith(wanted))
    ]


def _opening(study: Study) -> str:
    films = f", cohort {study.films}," if study.films else ""
    mark = " SYNTHETIC films: these numbers say nothing about real X-rays." if study.synthetic else ""
    return (
        f"{', '.join(model.name for model in study.models)} on {study.split}{films} "
        f"{date.today().isoformat()}.{mark}"
    )


def _data(study: Study) -> pd.DataFrame:
    rows = {}
    for item in study.candidates:
        facts, model = item.run.facts(), item.predictions(study.split)
        rows[item.name] = {
            "set": facts.get("data", "unknown"),
            "training": facts.get("training", "unknown"),
            "validation": facts.get("validation", "unknown"),
            f"{study.split} films": len(model),
            f"{study.split} patients": len(set(model.patients)),
            "normal": int((model.labels == 0).sum()),
            "pneumonia": int((model.labels == 1).sum()),
            "fingerprint": str(facts.get("fingerprint", "unknown"))[:12],
        }
    return pd.DataFrame(rows).T.astype(str)


def _settings(study: Study) -> pd.DataFrame:
    rows = {}
    for item in study.candidates:
        settings = item.run.settings()
        differs = ", ".join(f"{name}={value}" for name, value in settings.differences().items())
        rows[item.name] = {
            "preset": settings.preset,
            "differs from it in": differs or "nothing",
            "rate": f"{settings.rate(item.stage):g}",
            "seed": settings.seed,
            "starting weights": Path(settings.weights).name,
            "threshold": f"{study.thresholds[item.name]:.3f}, {study.points[item.name].rule}",
        }
    return pd.DataFrame(rows).T.astype(str)


def _versions() -> str:
    names = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"This report: Python {platform.python_version()}, {names}."


def _calibration(study: Study) -> pd.DataFrame:
    return evaluation.calibration_table(study.models, study.validation).map("{:.3f}".format)


def _reading(found, told, hidden: list[Loss], shown) -> list:
    parts = []
    if told:
        rows = {
            name: {"ROC AUC": evaluation.in_words(values["auc"], values["intervals"]["auc"], "auc")}
            for name, values in {**found, **told}.items()
        }
        parts += [
            "No lungs: gradient boosting on corners, frame or histogram of the same training films. A model "
            "that is not better may not read lungs.",
            pd.DataFrame(rows).T,
        ]
    else:
        parts.append("The run kept no baselines without lungs.")
    if not hidden:
        return [*parts, "The models were not asked again with parts of the films hidden."]
    rows = {
        f"{item.model}, without {item.mask}": {
            "ROC AUC whole": f"{item.whole['auc']:.3f}",
            "hidden": f"{item.masked['auc']:.3f}",
            "difference (95 % interval)": f"{item.auc.value:+.3f} ({item.auc.interval[0]:+.3f} to "
            f"{item.auc.interval[1]:+.3f})",
        }
        for item in hidden
        if item.auc
    }
    return [
        *parts,
        "A part of each film replaced by the mean grey of the rest; difference by DeLong's test. A film "
        "with a grey frame is unlike all training films, so a part of a loss may be surprise.",
        pd.DataFrame(rows).T,
        *_named(shown, "hidden"),
    ]


def _limits(study: Study) -> list[str]:
    first = study.models[0]
    limits = [
        f"{len(first)} films of {len(set(first.patients))} patients of one set; no other hospital was seen.",
        "Labels are the folders' names. They were not read again, and some look doubtful (see the audit of "
        "the set).",
        "One training run a model, unless runs over seeds are named: the spread over seeds is not in the "
        "intervals.",
        "Thresholds and temperatures were found on validation, whose films resemble the training films more "
        "than the test films do: on test the rates aimed at are missed as a rule.",
    ]
    if study.split == "validation":
        limits.append("These are validation films: weights and thresholds were chosen on them.")
    if study.synthetic:
        limits.append("The films are SYNTHETIC.")
    return limits


def _claim(study: Study) -> pd.DataFrame:
    """Items of CLAIM (Mongan, Moy and Kahn, Radiology: AI 2020) that a program can answer for its user."""
    items = {
        "Title and aim": "Deep learning, classification of chest X-rays as normal or pneumonia.",
        "Study design": "Retrospective, on a published set.",
        "Data sources": "Named under Data; eligibility is that of the set's makers.",
        "De-identification": "By the set's makers; file names tell a number a patient.",
        "Ground truth": "Folder names of the set; annotators and their agreement are not recorded there.",
        "Partitions": "Test as published; validation held out by patient from training.",
        "Model": "Described in the model card; the code is open.",
        "Initialisation": ", ".join(
            sorted({Path(item.run.settings().weights).name for item in study.candidates})
        ),
        "Training": "Augmentation, optimiser and rates in the run's settings; best epoch by validation loss.",
        "Evaluation": "Metrics with intervals, tests, groups, calibration, operating points: above.",
        "Robustness": "Films with parts hidden, where asked for; no external test.",
        "Explainability": "Grad-CAM heat maps in the app.",
        "Flow of films": "Counts under Data; unreadable files are listed by the audit.",
        "Failure analysis": "Groups above; the gallery of errors in the app.",
        "Registration, funding": "Not known to this program; to be filled in by the author.",
    }
    return pd.DataFrame({"in this study": items})
