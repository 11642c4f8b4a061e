"""How tables and pages say when a post went out, measured by its time."""

from datetime import UTC, datetime

import pytest

from publisher.base import formats, i18n
from publisher.cli.output import console, history
from publisher.cli.output.listing import Listing
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model import events, history_text
from publisher.model.outcomes import Kind

pytestmark = pytest.mark.guards("publisher.model.events", "publisher.model.history_text")


@pytest.mark.parametrize(
    ("code", "seconds", "said"),
    [
        ("en", 0.12, "0.12\N{NO-BREAK SPACE}s late"),
        ("en", -4.0, "4.00\N{NO-BREAK SPACE}s early"),
        ("fr", -4.0, "4,00\N{NO-BREAK SPACE}s d'avance"),
    ],
)
def test_what_a_platform_published_before_its_time_is_called_early(
    code: str, seconds: float, said: str
) -> None:
    with i18n.speaking(code):
        assert formats.lateness(seconds) == said


def test_what_was_read_and_not_seen_is_not_called_unreadable() -> None:
    assert events.event("not readable") == "could not check"


@pytest.mark.parametrize("columns", ["40", "60", "80", "120"])
def test_an_id_and_an_address_are_never_cut(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that they can be copied; words between them are wrapped."""
    monkeypatch.setenv("COLUMNS", columns)
    address = "https://www.facebook.com/100200300400500/posts/122100200300400500"
    post = "2026-12-01-journee-annuelle-de-debat-sur-les-droits-de-l-enfant.fr"
    table = Listing(("time", "account", "post"))
    table.add_row("08:30", "bice-x", "short.fr\na note of some words that go on and on")
    table.add_row("08:31", "bice-page", f"{post}\nwhy\n{address}")
    table.print()
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert shown.split() == [
        *("time", "account", "post", "08:30", "bice-x", "short.fr"),
        *(["a", "note", "of", "some", "words", "that", "go", "on", "and", "on"]),
        *("08:31", "bice-page", post, "why", address),
    ]
    assert lines[1] == "08:30  bice-x     short.fr"
    wide = [line for line in lines if post not in line and address not in line]
    assert max(map(len, wide)) <= int(columns)


@pytest.mark.parametrize(
    ("code", "said"),
    [("en", "kind: the keys are not accepted"), ("fr", "type\N{NO-BREAK SPACE}: clés refusées")],
)
def test_kinds_of_errors_are_told_in_words(code: str, said: str) -> None:
    """JSON has their codes."""
    with i18n.speaking(code):
        assert history_text.details({"kind": "auth"}, UTC) == [said]
    assert {events.kind(kind) for kind in Kind}.isdisjoint(Kind)


def test_a_persons_role_is_told_in_words() -> None:
    with i18n.speaking("fr"):
        assert history_text.details({"role": "staff"}, UTC) == ["rôle\N{NO-BREAK SPACE}: équipe"]


def test_an_edit_shows_what_was_and_what_is_now() -> None:
    """Also that there was nothing; a detail that says nothing is no line."""
    title = {"from": None, "to": "Bonjour"}
    lines = history_text.details({"title": title, "note": None, "link": ""}, UTC)
    assert lines == ["title before: —", "title now: Bonjour"]


def test_a_fingerprint_is_told_by_its_first_digits() -> None:
    detail = {"media": {"from": ["1a" * 32], "to": "2b" * 32}, "text": "1a" * 31}
    assert [line.rpartition(" ")[2] for line in history_text.details(detail, UTC)] == [
        "1a1a1a1a1a1a…", "2b2b2b2b2b2b…", "1a" * 31,
    ]  # fmt: skip


def test_a_history_says_nothing_twice() -> None:
    at = datetime(2016, 3, 7, tzinfo=UTC)
    twice = [HistoryStep(n, at, "prepared", "publisher", 1, "a.fr", "x") for n in (1, 2)]
    other = HistoryStep(3, at, "prepared", "publisher", 2, "a.fr", "y")
    assert list(history._told([*twice, other])) == [twice[0], other]


def test_an_address_that_fits_a_line_alone_is_not_torn_for_an_indent() -> None:
    """As of a post on Facebook, in what `run` shows."""
    address = f"https://www.facebook.com/100200300/posts/{'1' * 30}"
    broken = console._broken_line(f"2016-03-07 08:30:00  published: {address}", " " * 21, 80)
    assert broken.split("\n")[-1] == address
