"""An answer for dropped X-rays."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.diagnosis import AvailableModel, HeatMap, Prediction, available_models, shared_predictor
from core.errors import UserError
from core.evaluation import calibrated
from core.figures.diagnosis import overlay, probability_bar
from core.images import Radiograph, decode
from pages.next_step import offer_training

MOST_UPLOAD_MB = 50  # a film


def main() -> None:
    st.title("Diagnosis")
    models = available_models()
    if not models:
        offer_training(
            "There is no trained model yet. Train one on your X-rays, or in a few minutes on the "
            "synthetic set to see how the app works."
        )
        return
    model = st.selectbox("Model", models[::-1], format_func=lambda item: item.title)
    about(model)
    files = st.file_uploader(
        "Chest X-rays",
        accept_multiple_files=True,
        max_upload_size=MOST_UPLOAD_MB,
        help="DICOM, JPEG, PNG, BMP, TIFF or WebP; several at once. DICOM files often have no extension.",
    )
    if not files:
        st.caption("Drop one or several X-rays here. They stay on this computer and are not kept.")
        return
    answers(model, files)


def about(model: AvailableModel) -> None:
    """What the model was trained on and how it was measured."""
    record = model.record
    if record.synthetic:
        st.warning(
            "This model was trained on **SYNTHETIC** films: its answers mean nothing for real X-rays.",
            icon=":material/draw:",
        )
    parts = [
        f"Trained on {record.data or 'unknown data'} from {record.starting_weights or 'unknown'} weights"
    ]
    test = (record.evaluation or {}).get("test")
    if test and test["recall"] is not None and test["specificity"] is not None:
        parts.append(
            f"on {test['n']} test images: sensitivity {test['recall']:.0%}, "
            f"specificity {test['specificity']:.0%}"
        )
    else:
        parts.append("not measured on test images")
    st.caption("; ".join(parts) + ".")


@st.cache_data(max_entries=100, show_spinner=False)
def read_and_predict(
    data: bytes, name: str, path: str, modified: int
) -> tuple[Radiograph, Prediction, HeatMap]:
    """The answer for a file's bytes; a rerun of the page does not compute it again."""
    film, model = decode(data, name), shared_predictor(Path(path))
    return film, *model.explain(film)


def answers(model: AvailableModel, files: list) -> None:
    """A card for each readable file, a sentence for each other."""
    results = []
    bar = st.progress(0.0, "Reading ...")
    for done, file in enumerate(files, start=1):
        try:
            modified = model.path.stat().st_mtime_ns
            results.append(read_and_predict(file.getvalue(), file.name, str(model.path), modified))
        except UserError as error:
            st.error(str(error), icon=":material/error:")
        bar.progress(done / len(files), f"{done} of {len(files)}")
    bar.empty()
    if len(results) > 1:
        table(results)
    for number, (film, prediction, heat) in enumerate(results):
        card(film, prediction, heat, model, number)


def table(results: list[tuple[Radiograph, Prediction, HeatMap]]) -> None:
    """All answers, likely positives first."""
    rows = pd.DataFrame(
        [{"File": film.name, "Answer": p.label, "Probability": p.calibrated} for film, p, _ in results]
    ).sort_values("Probability", ascending=False)
    column = st.column_config.ProgressColumn(
        "Probability of pneumonia", format="percent", min_value=0, max_value=1
    )
    st.dataframe(rows, hide_index=True, column_config={"Probability": column})
    st.download_button("CSV", rows.to_csv(index=False).encode(), "answers.csv", icon=":material/download:")


def plain(text: str) -> str:
    """Text from a file, so that Markdown takes it as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#+-!|~$:" else letter for letter in text)


def card(film: Radiograph, prediction: Prediction, heat: HeatMap, model: AvailableModel, number: int) -> None:
    """One film with its answer, and where the model looked."""
    with st.container(border=True):
        picture, looked, answer = st.columns([1, 1, 2], gap="medium")
        picture.image(film.pixels, "The film", width="stretch")
        with looked:
            place = st.empty()
            opacity = st.slider("Strength of the heat map", 0.0, 1.0, 0.6, key=f"heat-{number}")
            place.image(
                overlay(film.pixels, heat.over(film.pixels), opacity),
                "Where the model looked",
                width="stretch",
            )
        with answer:
            positive = prediction.label == "PNEUMONIA"
            facts = [f"{title}: {value}" for title, value in film.facts.items()]
            st.caption(plain(" · ".join([film.name, f"{film.width} x {film.height} pixels", *facts])))
            color, words = ("orange", "Pneumonia") if positive else ("blue", "No pneumonia")
            st.markdown(f"## :{color}[{words}]")
            record = model.record
            shown = float(calibrated(record.threshold, record.temperature))
            st.markdown(f"Probability of pneumonia **{prediction.calibrated:.1%}**")
            st.plotly_chart(
                probability_bar(prediction.calibrated, shown),
                key=f"bar-{number}",
                config={"displayModeBar": False},
            )
            calibration = "as the network gives it"
            if record.operating_points:  # found on validation together with the temperature
                calibration = f"calibrated on validation films (temperature {record.temperature:.2f})"
            st.caption(
                f"Called pneumonia from {shown:.1%}: {record.threshold_rule}. The probability is "
                f"{calibration}. Answered by {model.title}."
            )
            if heat.doubt:
                st.warning(heat.doubt, icon=":material/warning:")
            st.caption("Research use, not a medical device: a person decides.")


main()
