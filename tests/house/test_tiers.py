"""Each test is in one of the two tiers, `make test` or `make deep`."""

from pathlib import Path

import pytest

from tests.support import tiers

pytest_plugins = ["pytester"]

_TESTS = """
import pytest
from tests.support.tiers import in_tiers

@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_same(kind): pass

@pytest.mark.each_database
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_differs(kind): pass

@pytest.mark.parametrize(("scheme", "width"), in_tiers(("light", 1440), ("dark", 390)))
def test_view(scheme, width): pass

@pytest.mark.deep
def test_long(): pass
"""


def _collected(pytester: pytest.Pytester, expression: str) -> set[str]:
    pytester.makepyfile(_TESTS)
    pytester.makeconftest("from tests.conftest import pytest_itemcollected")
    pytester.makeini("[pytest]\nmarkers =\n  deep\n  each_database\n")
    passed, _skipped, _failed = pytester.inline_run("-m", expression).listoutcomes()
    return {report.nodeid.partition("::")[2] for report in passed}


def test_make_test_and_make_deep_have_every_test_once(pytester: pytest.Pytester) -> None:
    quick, deep = _collected(pytester, "not deep"), _collected(pytester, "deep")
    assert quick == {
        "test_same[sqlite]", "test_differs[sqlite]", "test_differs[postgresql]",
        "test_view[light-1440]",
    }  # fmt: skip
    assert deep == {"test_same[postgresql]", "test_view[dark-390]", "test_long"}


@pytest.mark.parametrize(
    ("expression", "is_left_out"), [("not deep", True), ("deep", False), ("", False)]
)
def test_a_run_without_deep_tests_does_not_load_the_deep_folders(
    root: Path,
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
    expression: str,
    is_left_out: bool,
) -> None:
    monkeypatch.setattr(pytestconfig.option, "markexpr", expression)
    assert tiers.leaves_out(root / "tests/chaos/test_chaos.py", pytestconfig) == is_left_out
    assert not tiers.leaves_out(root / "tests/ledger", pytestconfig)
