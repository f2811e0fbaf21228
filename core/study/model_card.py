"""A model card, by the headings of Mitchell et al., "Model cards for model reporting", FAT* 2019."""

import pandas as pd

from core.document import Section
from core.evaluation import METRICS, in_words, rates
from core.study.study import Study

NOT_A_DEVICE = "This is research software. It is not a medical device, and nothing here may guide treatment."


def model_card(study: Study, found: dict[str, dict]) -> list[Section]:
    """The card of the study's models.

    Args:
        found: of `core.evaluation.measured`, by model name.
    """
    facts = study.candidates[0].run.facts()
    return [
        Section(
            "Model details",
            [
                "VGG19 (Simonyan and Zisserman 2014) with a head of two hidden layers of 4,608 and 1,152 "
                "units and dropout of 0.2, for chest X-rays at 128 x 128 pixels, fine-tuned in stages: the "
                "head alone; from there the last two convolutions with it; and, again from the first stage, "
                "everything.",
                _details(study),
            ],
        ),
        Section(
            "Intended use",
            [
                "Research and teaching: comparing staged fine-tuning on children's chest X-rays. "
                f"{NOT_A_DEVICE}",
                "Out of scope: adults, other views than frontal ones, other findings than pneumonia, films "
                "of another clinic without measuring there first.",
            ],
        ),
        Section(
            "Factors",
            [
                "Rates are told by cause (bacterial, viral), by file series of the normal films, by one "
                "film a patient, without identical copies, and by quarters of brightness and contrast. Age, "
                "sex, device and ward are not in the file names, so nothing can be said of them.",
            ],
        ),
        Section(
            "Metrics",
            [
                "Sensitivity and specificity at the thresholds below, ROC AUC, average precision, Brier "
                "score and expected calibration error; 95 % intervals by Wilson for proportions, by 2,000 "
                "resamples of whole patients for the rest.",
                "Thresholds: "
                + "; ".join(
                    f"{name} {point.threshold:.3f} ({point.rule})" for name, point in study.points.items()
                )
                + ".",
            ],
        ),
        Section("Evaluation data", [_evaluated(study)]),
        Section(
            "Training data",
            [
                f"{facts.get('training', 'An unknown number of')} training and "
                f"{facts.get('validation', 'unknown')} validation films of "
                f"{facts.get('data', 'a set that was not recorded')}; validation holds other patients than "
                "training. Labels are the folders' names: nobody read the films again here."
                + (" The films are SYNTHETIC: a program drew them." if study.synthetic else ""),
            ],
        ),
        Section("Quantitative analyses", [_quantities(found), *_by_group(study)]),
        Section(
            "Ethical considerations",
            [
                "A missed pneumonia can cost a child's life, and a false alarm means needless antibiotics: "
                "the threshold weighs one against the other, and a person has to choose it. The films are "
                "of children of one hospital; how the model does for others is not known.",
            ],
        ),
        Section(
            "Caveats and recommendations",
            [
                "Histogram, frame and thumbnail alone tell the classes of the published set apart nearly as "
                "well as the models do: part of what a model knows may not be in the lungs. Read the "
                "baselines, what hiding the frame costs, and the heat maps before believing a figure.",
                "The published test films differ from the training films, and several come from one patient. "
                "Measure on your own films before any use.",
                *study.remarks,
            ],
        ),
    ]


def _details(study: Study) -> pd.DataFrame:
    rows = {}
    for item in study.candidates:
        settings, facts = item.run.settings(), item.run.facts()
        rows[item.name] = {
            "trains": item.run.stage(item.stage).summary,
            "starting weights": settings.weights.rsplit("/", 1)[-1],
            "optimiser": f"{settings.optimizer}, {settings.rate(item.stage):g}",
            "seed": settings.seed,
            "preprocessing": settings.preprocessing,
            "precision": facts.get("precision", "unknown"),
            "software": f"Keras {facts.get('keras', '?')} on {facts.get('backend', '?')}",
        }
    return pd.DataFrame(rows).T.astype(str)


def _evaluated(study: Study) -> str:
    first = study.models[0]
    films = f"of the cohort {study.films} " if study.films else ""
    return (
        f"{len(first)} films {films}of {study.split}: {int((first.labels == 0).sum())} NORMAL, "
        f"{int((first.labels == 1).sum())} PNEUMONIA, of {len(set(first.patients))} patients. "
        + (
            "No threshold, weight or setting was chosen on them."
            if study.split == "test"
            else "Best weights, thresholds and temperatures were chosen on these films: the figures flatter."
        )
    )


def _quantities(found: dict[str, dict]) -> pd.DataFrame:
    names = ("recall", "specificity", "auc", "brier", "ece")
    return pd.DataFrame(
        {
            name: {
                METRICS[metric]: in_words(values[metric], values["intervals"][metric], metric)
                for metric in names
            }
            for name, values in found.items()
        }
    )


def _by_group(study: Study) -> list[pd.DataFrame]:
    """Rates of each model in groups of films."""
    tables = []
    for model in study.models:
        rows = {
            row["group"]: {
                model.name: f"{row['images']} films",
                "sensitivity": _rate(row, "sensitivity", "found", "positives"),
                "specificity": _rate(row, "specificity", "cleared", "negatives"),
            }
            for row in rates(model, study.thresholds[model.name])
        }
        tables.append(pd.DataFrame(rows).T)
    return tables


def _rate(row: dict, rate: str, part: str, whole: str) -> str:
    if row[rate] is None:
        return "–"
    low, high = row[f"{rate}_interval"]
    return f"{row[part]} of {row[whole]}: {row[rate]:.1%} ({low:.1%} to {high:.1%})"
