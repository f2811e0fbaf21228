import re
from pathlib import Path

import pytest

from core.config import PROJECT, bundled_folder, environment, home
from core.errors import UserError


def test_the_project_folder_is_home_where_the_environment_names_none(monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_HOME")
    assert home() == PROJECT and (PROJECT / "streamlit_app.py").exists()


def test_an_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv(environment.THREADS.name, "")
    assert environment.THREADS.value() == 0


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        (environment.THREADS, "two"),
        (environment.THREADS, "-1"),
        (environment.IMPORT_GIB, "much"),
        (environment.IMPORT_GIB, "0"),
        (environment.IMPORT_FILES, "1.5"),
        (environment.LANGUAGE, "English"),
    ],
)
def test_a_value_that_is_not_valid_is_named_with_the_way_out(monkeypatch, variable, text):
    monkeypatch.setenv(variable.name, text)
    with pytest.raises(UserError, match=f"{variable.name} is '{text}'; give a"):
        variable.value()


def test_hosts_are_split_at_commas_whatever_their_case(monkeypatch):
    monkeypatch.setenv(environment.HOSTS.name, "Studio.example, other:8501,")
    assert environment.HOSTS.value() == {"studio.example", "other:8501"}


def test_the_old_name_of_a_variable_is_read_until_the_new_one_is_set(monkeypatch, tmp_path):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    monkeypatch.setenv("PNEUMONIA_STUDIO_SHIPPED", str(tmp_path / "old"))
    assert bundled_folder() == tmp_path / "old"
    monkeypatch.setenv("PNEUMONIA_STUDIO_BUNDLED", str(tmp_path / "new"))
    assert bundled_folder() == tmp_path / "new"


def test_no_other_file_reads_a_variable_of_the_product():
    for folder in ("core", "pages"):
        for path in (PROJECT / folder).rglob("*.py"):
            if path.parent != Path(environment.__file__).parent:
                assert not re.search(r'environ.*PNEUMONIA_STUDIO|"PNEUMONIA_STUDIO_', path.read_text()), path
