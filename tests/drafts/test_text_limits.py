"""How much text a channel takes: characters, bytes, and what a content warning leaves."""

import pytest

from publisher.channels.registry import CAPABILITIES, capabilities_of
from publisher.drafts.text_limits import TextLimits
from publisher.drafts.threads import split, suggestion
from publisher.model.accounts import Account

pytestmark = pytest.mark.guards("publisher.model.capabilities")

FAMILY = "👨‍👩‍👧‍👦"
"""One character for a reader, and 25 bytes."""
IN_BYTES = TextLimits(300, "graphemes", bytes=3_000)


def test_the_limit_of_which_more_is_used_is_shown() -> None:
    plain, emojis = IN_BYTES.size("a" * 200), IN_BYTES.size(FAMILY * 100)
    assert (plain.used, plain.limit, plain.in_bytes) == (200, 300, False)
    assert (emojis.used, emojis.limit, emojis.in_bytes) == (2_500, 3_000, True)
    assert emojis.left == 500


def test_a_text_fits_only_within_both_limits() -> None:
    assert IN_BYTES.fits(FAMILY * 120)
    assert not IN_BYTES.fits(FAMILY * 121)
    assert not IN_BYTES.fits("a" * 301)
    assert IN_BYTES.size("\ud83d" * 10).left > 0, "half of a character raises nothing"


def test_a_thread_is_split_where_the_bytes_end() -> None:
    text = " ".join([FAMILY * 20] * 10)  # 209 characters, 5,009 bytes
    parts = split(text, IN_BYTES)
    assert len(parts) == 2
    assert all(map(IN_BYTES.fits, parts))
    assert " ".join(parts) == text
    assert suggestion(text, IN_BYTES) == parts


def test_a_word_of_many_bytes_is_cut() -> None:
    parts = split(FAMILY * 250, IN_BYTES)
    assert [part.count(FAMILY) for part in parts] == [120, 120, 10]


def test_a_content_warning_counts_with_each_part() -> None:
    limits = TextLimits(500, "shortened", content_warning="Violences")
    assert limits.length("a" * 491) == 500
    assert limits.fits("a" * 491)
    assert not limits.fits("a" * 492)
    assert [len(part) for part in split("a" * 1_000, limits)] == [491, 491, 18]


def test_a_content_warning_that_leaves_no_room_splits_nothing() -> None:
    limits = TextLimits(500, "shortened", content_warning="a" * 490)
    assert suggestion("b" * 20 + " c", limits) == ()
    with pytest.raises(ValueError, match="limit of 10"):
        split("b", limits)


def test_only_a_channel_that_shows_a_content_warning_counts_it() -> None:
    for name, capabilities in CAPABILITIES.items():
        limits = TextLimits.of(capabilities, "Violences")
        assert (limits.length("a") == 1) is (name != "mastodon")


def test_an_account_may_have_limits_of_its_own() -> None:
    own = Account(name="a", channel="mastodon", options={"max_characters": "1000"})
    assert capabilities_of(own).max_length == 1_000
    assert capabilities_of(own).max_pictures == CAPABILITIES["mastodon"].max_pictures
    usual = Account(name="b", channel="mastodon", options={"visibility": "unlisted"})
    assert capabilities_of(usual) is CAPABILITIES["mastodon"]
