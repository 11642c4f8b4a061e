"""Cashtags and mentions are those that X finds, and of cashtags one part holds one at most."""

from pathlib import Path

import pytest

from publisher.drafts import tags
from publisher.drafts.check import check
from publisher.settings import settings
from tests.drafts.test_text_length import official_cases
from tests.support.workspaces import Workspace


def test_the_official_cases_of_cashtags_hold() -> None:
    for case in official_cases("extract_cashtags"):
        assert tags.cashtags(case["text"]) == case["expected"], case["description"]


def test_the_official_cases_of_mentions_hold() -> None:
    """All but a mention right behind RT, which nobody's own post has."""
    for case in official_cases("extract_mentions"):
        if "after 'R" not in case["description"]:
            found = [name for name, _at in tags.mentions(case["text"])]
            assert found == case["expected"], case["description"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$GOOG $META", ["GOOG", "META"]),
        ("$BRK.A, $brk_b.", ["BRK.A", "brk_b"]),
        ("$5 et $10, US$GOOG, ($GOOG", []),
        ("$GOOGLEX $TEST1", []),
        ("$GOOG", ["GOOG"]),
    ],
)
def test_a_cashtag_is_one_to_six_letters_behind_a_space(text: str, found: list[str]) -> None:
    assert tags.cashtags(text) == found


def codes(path: Path, text: str, to: str) -> list[tuple[int, str]]:
    workspace = Workspace(path)
    workspace.draft("a.fr", f"to: {to}", text)
    return [(found.line, found.code) for found in check(settings.load(path, {}))[1]]


def test_two_cashtags_in_a_part_are_an_error_on_x_alone(tmp_path: Path) -> None:
    assert codes(tmp_path, "$GOOG et $META", "bice-x") == [(4, "too-many-cashtags")]
    assert codes(tmp_path, "$GOOG et $META", "bice-page") == []
    assert codes(tmp_path, "$GOOG\n\n---\n$META", "bice-x") == []
    assert codes(tmp_path, "Un.\n\n---\n$GOOG $META $X", "bice-x") == [(7, "too-many-cashtags")]
