# The app, its commands and the bundled model. docs/operations.md says how to run it.
ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/studio
COPY requirements.lock /build/
RUN /opt/studio/bin/pip install --require-hashes -r /build/requirements.lock
COPY . /build/
RUN /opt/studio/bin/pip install --no-deps /build

FROM python:${PYTHON}-slim
# `--build-arg PACKAGES=chromium` adds what draws the figures of a comparison's PDF report.
ARG PACKAGES=""
RUN if [ -n "$PACKAGES" ]; then \
        apt-get update && apt-get install --yes --no-install-recommends $PACKAGES && rm -rf /var/lib/apt/lists/*; \
    fi \
    && useradd --uid 10001 --home-dir /studio --create-home --shell /usr/sbin/nologin studio
COPY --from=build /opt/studio /opt/studio
# Everything that is written is below /studio; the rest may be read-only, but for a small /tmp.
ENV PATH=/opt/studio/bin:$PATH \
    PNEUMONIA_STUDIO_HOME=/studio \
    KERAS_HOME=/studio/keras \
    PYTHONUNBUFFERED=1
WORKDIR /studio
USER studio
VOLUME /studio
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["pneumonia-studio"]
CMD ["run", "--address", "0.0.0.0"]
