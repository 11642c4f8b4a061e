"""The length of a text as Mastodon counts it; source: app/validators/status_length_validator.rb."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.drafts.text_length import length

LINK = "https://www.example.org/une/tres/longue/adresse/qui/ne/compte/pas?a=1&b=2#c"


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("", 0),
        ("Égalité", 7),
        ("E\u0301galite\u0301", 7),
        ("👨‍👩‍👧", 1),
        ("👍🏽 🇫🇷", 3),
        ("日本", 2),
        ("a\r\nb", 3),
        (LINK, 23),
        (f"Lire {LINK}, puis http://a.fr.", 5 + 23 + 7 + 23 + 1),
        ("example.org/une/adresse", 23),
        ("example.org/une/longue/adresse", 30),
        ("@bice", 5),
        ("@bice@mastodon.example", 5),
        ("@bice.ong@mastodon.example et @a@b.example !", 9 + 4 + 2 + 2),
        ("bice@mastodon.example", 21),
        ("x@a@b.example", 13),
        ("\ud800", 1),
    ],
)
def test_a_text_is_as_long_as_mastodon_says(text: str, counted: int) -> None:
    assert length(text, "shortened") == counted


def test_a_text_that_fits_nowhere_is_counted_at_once() -> None:
    assert length("a " * 50_001, "shortened") > 500


@given(st.text(max_size=60), st.text(max_size=60))
def test_it_never_raises_and_never_counts_a_text_shorter_than_its_half(one: str, two: str) -> None:
    """What is joined with a line between is as long as both, and the line."""
    whole = length(f"{one}\n\n\n{two}", "shortened")
    assert whole >= 0
    if "@" not in one + two and not (one + two).isascii():
        assert whole <= len(one) + len(two) + 3 + 23
