"""Whom a note mentions: names of people after an @, as names are compared everywhere."""

import pytest

from publisher.model.notes import PostNote, mentions, written
from tests.support.clock import ManualClock

_PEOPLE = ["abidjan", "Direction", "jean", "Jean-Luc", "Ana María", "lima@example.org", "José"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@abidjan et @DIRECTION, merci", ["abidjan", "Direction"]),
        ("(@abidjan) : @abidjan's, @abidjan.", ["abidjan"]),
        ("@jean-luc, pas l'autre", ["Jean-Luc"]),
        ("@jean, pas l'autre", ["jean"]),
        ("@ana maría sabe", ["Ana María"]),
        ("@jose\u0301 sabe", ["José"]),
        ("@lima@example.org sabe", ["lima@example.org"]),
        ("@abidjanais", []),
        ("écrivez à redaction@abidjan.example", []),
        ("@ abidjan, @nobody, @", []),
        ("@jean-marie, @jean.dupont", []),
    ],
)
def test_names_after_an_at_are_mentions(text: str, named: list[str]) -> None:
    assert mentions(written(text), _PEOPLE) == named


def test_a_note_is_shown_as_it_was_written_with_its_mentions_marked(clock: ManualClock) -> None:
    text = "@jean, vois\navec @Abidjan."
    note = PostNote(at=clock.now(), author="ana", text=text, mentions=("jean", "abidjan"))
    assert [piece.text for piece in note.pieces if piece.is_mention] == ["@jean", "@Abidjan"]
    assert "".join(piece.text for piece in note.pieces) == text


def test_nothing_in_a_note_reverses_the_writing_or_moves_a_cursor() -> None:
    assert written(" a\r\nb\u202ec\x1b[2J ") == "a\nb\ufffdc\ufffd[2J"
