"""An answer for dropped X-rays."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from core.diagnosis import (
    AvailableModel,
    Opinion,
    Reading,
    available_models,
    certainty,
    opinion,
    overlay_png,
    reading_report,
    shared_predictor,
)
from core.errors import UserError
from core.evaluation import calibrated
from core.figures.diagnosis import overlay, probability_bar
from core.images import decode
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
    origin = f"Trained on {record.data or 'unknown data'} from {record.starting_weights or 'unknown'} weights"
    st.caption(f"{origin}; {model.measured()}.")


@st.cache_data(max_entries=100, show_spinner=False)
def read_and_predict(data: bytes, name: str, path: str, modified: int) -> Reading:
    """What a model says of a file's bytes; a rerun of the page does not compute it again."""
    film, model = decode(data, name), shared_predictor(Path(path))
    return Reading(film, *model.explain(film))


@st.cache_data(max_entries=100, show_spinner=False)
def second_opinion(sha256: str, stage: int, models: tuple, _reading: Reading) -> Opinion:
    """What small changes of a film and the other stages say.

    Args:
        models: stage number, path and time of change of each.
    """
    predictors = {number: shared_predictor(Path(path)) for number, path, _ in models}
    return opinion(_reading.film, _reading.prediction, predictors, stage)


def answers(model: AvailableModel, files: list) -> None:
    """A card for each readable file, a sentence for each other; then how far each can be relied on."""
    readings = []
    bar = st.progress(0.0, "Reading ...")
    for done, file in enumerate(files, start=1):
        try:
            modified = model.path.stat().st_mtime_ns
            readings.append(read_and_predict(file.getvalue(), file.name, str(model.path), modified))
        except UserError as error:
            st.error(plain(str(error)), icon=":material/error:")
        bar.progress(done / len(files), f"{done} of {len(files)}")
    bar.empty()
    readings.sort(key=lambda reading: -reading.prediction.calibrated)
    overview = st.container()
    cards = [card(reading, model, number) for number, reading in enumerate(readings)]
    at_hand = tuple(
        (item.stage.number, str(item.path), item.path.stat().st_mtime_ns) for item in available_models()
    )
    for place, (reading, (heading, remarks)) in enumerate(zip(readings, cards, strict=True)):
        found = second_opinion(reading.film.sha256, model.stage.number, at_hand, reading)
        readings[place] = replace(reading, opinion=found)
        say(readings[place], heading, remarks)
    with overview:
        if len(readings) > 1:
            table(readings)
        if readings:
            take_away(readings, model)


def say(reading: Reading, heading, remarks) -> None:
    """The finding and what a reader should know besides the probability."""
    color = {"Pneumonia": "orange", "No pneumonia": "blue"}.get(reading.finding, "violet")
    heading.markdown(f"## :{color}[{reading.finding}]")
    doubtful = bool(reading.heat.doubt) or reading.finding == "Uncertain"
    with remarks.container():
        for number, sentence in enumerate(reading.remarks()):
            if doubtful and number == 0:
                st.warning(sentence, icon=":material/warning:")
            else:
                st.caption(sentence)
        if reading.opinion is None:
            st.caption("Looking how far this can be relied on ...")


def table(readings: list[Reading]) -> None:
    """All answers, likely positives first."""
    column = st.column_config.ProgressColumn(
        "Probability of pneumonia", format="percent", min_value=0, max_value=1
    )
    st.dataframe(as_rows(readings), hide_index=True, column_config={"Probability": column})


def as_rows(readings: list[Reading]) -> pd.DataFrame:
    """A row a film."""
    return pd.DataFrame(
        [
            {
                "File": reading.film.name,
                "Finding": reading.finding,
                "Probability": reading.prediction.calibrated,
                "Remarks": " ".join(reading.remarks()),
            }
            for reading in readings
        ]
    )


def take_away(readings: list[Reading], model: AvailableModel) -> None:
    """All readings as CSV, and as one PDF, which is made when it is asked for."""
    with st.container(horizontal=True):
        csv = as_rows(readings).to_csv(index=False).encode()
        st.download_button("CSV", csv, "answers.csv", icon=":material/download:", on_click="ignore")
        st.download_button(
            "PDF report",
            lambda: reading_report(readings, model),
            "reading.pdf",
            icon=":material/picture_as_pdf:",
            on_click="ignore",
        )


def plain(text: str) -> str:
    """Text from a file, so that Markdown takes it as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#+-!|~$:" else letter for letter in text)


def card(reading: Reading, model: AvailableModel, number: int) -> tuple:
    """One film with its answer, and where the model looked; the places of finding and remarks."""
    film, prediction = reading.film, reading.prediction
    with st.container(border=True):
        picture, looked, answer = st.columns([1, 1, 2], gap="medium")
        picture.image(film.pixels, "The film", width="stretch")
        with looked:
            place = st.empty()
            opacity = st.slider("Strength of the heat map", 0.0, 1.0, 0.6, key=f"heat-{number}-{film.sha256}")
            place.image(
                overlay(film.pixels, reading.heat.over(film.pixels), opacity),
                "Where the model looked",
                width="stretch",
            )
            st.download_button(
                "PNG",
                lambda: overlay_png(reading, opacity),
                f"{Path(film.name).stem}-heat.png",
                icon=":material/download:",
                key=f"png-{number}",
                on_click="ignore",
            )
        with answer:
            facts = [f"{title}: {value}" for title, value in film.facts.items()]
            st.caption(plain(" · ".join([film.name, f"{film.width} x {film.height} pixels", *facts])))
            heading = st.empty()
            record = model.record
            shown = float(calibrated(record.threshold, record.temperature))
            probability = prediction.calibrated
            st.markdown(f"Probability of pneumonia **{probability:.1%}**: {certainty(probability)}")
            st.plotly_chart(
                probability_bar(probability, shown),
                key=f"bar-{number}",
                config={"displayModeBar": False},
            )
            calibration = "as the network gives it"
            if record.operating_points:  # found on validation together with the temperature
                calibration = f"calibrated on validation films (temperature {record.temperature:.2f})"
            remarks = st.empty()
            say(reading, heading, remarks)
            st.caption(
                f"Called pneumonia from {shown:.1%}: {record.threshold_rule}. The probability is "
                f"{calibration}. Answered by {model.title}."
            )
            st.caption("Research use, not a medical device: a person decides.")
    return heading, remarks


main()
