"""The command that photographs the pages."""

from click.testing import CliRunner

from docs.picture_states import STATES
from docs.pictures import SECTIONS, main, page_name


def test_help_and_a_wrong_state_end_with_a_sentence():
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0 and "--state" in shown.output and "--page" in shown.output
    refused = CliRunner().invoke(main, ["--state", "nowhere"])
    assert refused.exit_code == 2 and "'nowhere' is not one of" in refused.output


def test_each_address_is_of_a_page_whose_sections_are_known():
    assert {page_name(path) for paths in STATES.values() for path in paths} == set(SECTIONS)
