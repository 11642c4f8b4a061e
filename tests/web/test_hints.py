"""Hints on pages do not say what to write into a draft's file."""

import re
from datetime import UTC

import pytest

from publisher.base.i18n import LOCALES
from publisher.model.values import Problem
from publisher.web import hints, labels

pytestmark = pytest.mark.guards("publisher.web.hints", "publisher.web.labels")


def test_no_page_says_what_to_add_to_a_file_so_that_a_rule_is_ignored() -> None:
    told = (LOCALES / "fr" / "LC_MESSAGES" / "publisher.po").read_text(encoding="utf-8")
    codes = set(re.findall(r"`ignore: ([a-z-]+)`", told))
    assert len(codes) > 5
    for code in codes:
        hint = f"Add `ignore: {code}`."
        of_a_file = Problem(file="a.md", line=1, column=1, code=code, message="", hint=hint)
        assert "ignore" not in str(hints.hint(of_a_file)), code


def test_a_text_that_goes_out_once_more_is_a_tick_on_pages() -> None:
    told = labels.here("Change the text, or set `repeat: true`.", UTC)
    assert told == "Change the text, or set “The same text may go out again”."
