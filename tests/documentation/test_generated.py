"""The pages made from the code are those of today, and say what the code declares."""

import re

import pydicom.uid
import pytest
from pynetdicom import AE

from core.cli.main import MODULES
from core.config import PRESETS, TrainingSettings, environment
from core.config.declaration import declarations
from core.dicom_node import scp
from docs.generate.diagram import layers
from docs.generate.imports import arrows, rooms
from docs.generate.pages import DOCS, GENERATED


@pytest.mark.parametrize("name", GENERATED)
def test_the_committed_page_is_the_one_made_today(name):
    stored = (DOCS / name).read_text(encoding="utf-8")
    assert stored == GENERATED[name](), "python -m docs.generate"


@pytest.mark.parametrize("name", [name for name in GENERATED if name.endswith(".md")])
def test_every_row_of_a_table_has_as_many_cells_as_its_header(name):
    for table in re.findall(r"(?:^\|.*\n)+", GENERATED[name](), re.MULTILINE):
        assert len({row.replace("\\|", "").count("|") for row in table.splitlines()}) == 1, table


def test_settings_and_presets_are_on_their_page():
    page = GENERATED["settings.md"]()
    for name, declaration in declarations(TrainingSettings).items():
        assert f"| `{name}` | " in page and declaration.help in page
    assert "| `epochs` | 20 | between 1 and 1000 | Maximum number of epochs per stage. |" in page
    assert all(f"- `{name}`: " in page for name in PRESETS)
    assert "| `optimizer` | sgd | adam | adam |" in page


def test_every_environment_variable_is_on_its_page():
    page = GENERATED["environment.md"]()
    assert all(f"| `{item.name}` | " in page and item.meaning in page for item in environment.VARIABLES)


def test_every_command_is_on_its_page_with_its_options():
    page = GENERATED["command-line.md"]()
    assert all(f"\n## {name}\n" in page for name in MODULES)
    assert "| `--study-timeout FLOAT RANGE` |" in page and "--again" not in page


def test_the_conformance_statement_names_what_a_running_node_accepts():
    page = GENERATED["conformance.md"]()
    entity = AE("TEST")
    for sop_class in scp.IMAGE_CLASSES:
        entity.add_supported_context(sop_class, list(scp.TRANSFER_SYNTAXES))
    for context in entity.supported_contexts:
        assert f"`{context.abstract_syntax}`" in page
        assert all(f"`{syntax}`" in page for syntax in context.transfer_syntax)
    assert f"`{pydicom.uid.DeflatedExplicitVRLittleEndian}`" not in page


def test_the_diagram_shows_every_room_once_above_what_it_imports():
    drawing, reached = GENERATED["architecture.svg"](), arrows()
    assert all(drawing.count(f">{room}</text>") == 1 for room in (*rooms("core"), "pages"))
    level = {room: index for index, row in enumerate(layers(reached)) for room in row}
    assert all(level[room] < level[target] for room, targets in reached.items() for target in targets)
