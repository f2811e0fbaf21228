"""The self-test: whether this computer gives the recorded answers, and has what the program needs."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.self_test.background import start_self_test
    from core.self_test.computer import library_versions
    from core.self_test.pdf import self_test_pdf
    from core.self_test.result import CheckResult, SelfTest, is_unchanged, last_self_test, self_test_line
    from core.self_test.run import run_self_test

__all__ = [
    "CheckResult",
    "SelfTest",
    "is_unchanged",
    "last_self_test",
    "library_versions",
    "run_self_test",
    "self_test_line",
    "self_test_pdf",
    "start_self_test",
]

open_door(__name__)
