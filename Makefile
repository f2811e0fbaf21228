# make run | test | lint | bench: each makes .venv when it is missing and reinstalls when requirements change.
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin

MAKEFLAGS += --jobs=2  # programs from apt come while pip installs

.PHONY: run test lint bench chromium programs

run: .venv/installed
	@$(BIN)/python -c "import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', $(PORT)))" 2>/dev/null \
		|| { echo "Port $(PORT) is taken. Choose another: make run PORT=8502"; exit 2; }
	$(BIN)/streamlit run server.py --server.port $(PORT)

test: .venv/installed-dev chromium programs lint
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks $(ARGS)

# The browser of the end-to-end test: installed on Debian where that is allowed, asked for elsewhere.
chromium:
	@command -v chromium >/dev/null || { \
		if [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then \
			apt-get update -qq && apt-get install -y -qq chromium; \
		else \
			echo "The end-to-end test needs Chromium: install the package 'chromium' (Debian: sudo apt install chromium)."; exit 2; \
		fi; }

# Programs that tests talk to; where they are missing, those tests are skipped. Debian would start what serves
# on all addresses as soon as it is installed: policy-rc.d forbids it meanwhile.
PACKAGES := dcmtk dicom3tools curl orthanc nginx-light
POLICY := /usr/sbin/policy-rc.d
programs: | chromium  # one apt at a time
	@{ command -v img2dcm && command -v dciodvfy && command -v curl && command -v Orthanc && command -v nginx; } >/dev/null || { \
		if [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then \
			[ -e $(POLICY) ] || { printf '#!/bin/sh\nexit 101\n' > $(POLICY) && chmod +x $(POLICY) && made=yes; }; \
			apt-get update -qq && apt-get install -y -qq $(PACKAGES); done=$$?; \
			[ -z "$$made" ] || rm $(POLICY); exit $$done; \
		else \
			echo "Tests of DICOM, the API and servers behind nginx are skipped without $(PACKAGES) (Debian: sudo apt install $(PACKAGES))."; \
		fi; }

.venv/bin/python:
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" \
		|| { echo "Python 3.11 to 3.13 is needed; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv

# pip compiles on one core; that takes as long as everything else.
define install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile $(1)
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib || true  # some files in there are for other Pythons
endef

.venv/installed: requirements.txt | .venv/bin/python
	$(call install,-r requirements.txt)
	@touch $@

.venv/installed-dev: requirements.txt requirements-dev.txt | .venv/bin/python
	$(call install,-r requirements.txt -r requirements-dev.txt)
	@touch .venv/installed $@
