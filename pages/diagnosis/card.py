"""One image with its result, heat map and second opinion."""

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.figures.diagnosis import probability_bar
from core.images import Image, ImageError, decode_safely
from core.inference import NOTICE, AvailableModel, Reader, Reading
from pages.diagnosis.downloads import image_downloads
from pages.diagnosis.entries import Entry, entries, full_reading
from pages.diagnosis.human_reading import reading_form
from pages.diagnosis.similar_images import similar_images
from pages.diagnosis.viewer import viewer
from pages.shared.markdown import escaped

COLOURS = {"Pneumonia": "orange", "No pneumonia": "blue", "Uncertain": "violet"}


def card(entry: Entry, model: AvailableModel) -> None:
    """Draw the result at once, then add the second opinion."""
    try:
        reading = full_reading(entry, model)
    except ImageError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    image = reading.image
    with st.container(border=True):
        left, right = st.columns([5, 3], gap="medium")
        with left:
            heat_map = None if reading.withheld else reading.heat_map
            lungs, earlier = reading.output.lungs, _earlier_image(image)
            viewer(image, heat_map, lungs, earlier, key="viewer", outlined=reading.doubts_lungs)
        with right:
            facts = [f"{title}: {value}" for title, value in image.facts.items()]
            st.caption(escaped(" · ".join([image.name, f"{image.width} x {image.height} pixels", *facts])))
            heading = st.empty()
            if not reading.withheld:
                _probability(reading)
            remarks = st.empty()
            _finding(reading, heading, remarks)
            sentences = [f"Model: {model.title}, {model.identity}."]
            if not reading.withheld:
                sentences = [model.threshold_sentence(), model.calibration_sentence(), *sentences]
            st.caption(" ".join(sentences))
            st.caption(NOTICE)
        below = st.container()
    if not reading.withheld:
        reading = _with_second_opinion(entry, reading, model)
        _finding(reading, heading, remarks)
        with below:
            similar_images(reading.second_opinion.similar if reading.second_opinion else [], model)
    with below:
        reading_form(entry, model)
        image_downloads(entry, reading, model)


def _finding(reading: Reading, heading: DeltaGenerator, remarks: DeltaGenerator) -> None:
    """The finding, and what a reader should know besides the probability."""
    heading.markdown(f"## :{COLOURS.get(reading.finding, 'gray')}[{reading.finding}]")
    with remarks.container():
        for sentence in reading.image_warnings():  # those that concern the model stand at the top of the page
            st.warning(sentence, icon=":material/warning:")
        for sentence in reading.remarks()[len(reading.warnings()) :]:
            st.caption(sentence)
        if reading.withheld:
            st.caption("To see the result anyway, turn on “Show withheld results” above.")
        elif reading.second_opinion is None:
            st.caption("Checking how stable the result is ...")


def _probability(reading: Reading) -> None:
    probability = reading.prediction.calibrated
    st.markdown(f"Probability of pneumonia **{probability:.1%}**: {reading.certainty}")
    if spread := reading.spread_sentence():
        st.caption(spread)
    figure = probability_bar(probability, reading.threshold, reading.prediction.spread)
    st.plotly_chart(figure, key="bar", config={"displayModeBar": False})


def _with_second_opinion(entry: Entry, reading: Reading, model: AvailableModel) -> Reading:
    """The reading with its second opinion, which is computed once."""
    if reading.second_opinion is None:
        reading = replace(reading, second_opinion=Reader(model.path).second_opinion(reading))
        entry.cache(model, reading)
    return reading


def _earlier_image(image: Image) -> Image | None:
    """The previous image of the same patient in this session."""
    if not (image.patient_digest and image.acquired):
        return None
    earlier = [
        (reading.image.acquired, entry)
        for entry in entries().values()
        for reading in entry.readings.values()
        if reading.image.patient_digest == image.patient_digest
        and "" < reading.image.acquired < image.acquired
    ]
    if not earlier:
        return None
    _, entry = max(earlier, key=lambda item: item[0])
    try:
        return decode_safely(entry.upload.data(), entry.upload.name)
    except ImageError:
        return None
