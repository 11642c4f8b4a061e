"""X's weighted length, against X's own cases where they are at hand."""

import time
from pathlib import Path
from typing import Any

import pytest
import twitter_text
import yaml
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.counting import fits, length, link_places
from publisher.content.textfile import invalid_character

CASES = Path(__file__).parents[3] / "shared/data/twitter-text/conformance.yml"
COUNTING = (
    "WeightedTweetsCounterTest",
    "WeightedTweetsWithDiscountedEmojiCounterTest",
    "UnicodeDirectionalMarkerCounterTest",
)
LINKS = ("extract_urls", "extract_tco_urls_with_params")
# For version 2 of the configuration, which counts emoji letter by letter. X uses version 3.
OF_VERSION_2 = {
    "Count a mix of single byte single word, and double word unicode characters",
    "Count unicode emoji chars outside the basic multilingual plane with skin tone modifiers",
}


def official_cases(*groups: str) -> list[dict[str, Any]]:
    if not CASES.exists():
        pytest.skip("the official cases are not at hand")
    found = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    return [case for group in groups for case in found[group]]


def test_the_official_cases_hold() -> None:
    """Every weighted length that X expects; two cases are for a configuration that it left."""
    cases = official_cases(*COUNTING)
    wrong = {
        case["description"]
        for case in cases
        if length(case["text"], "weighted") != case["expected"]["weightedLength"]
    }
    assert len(cases) == 22
    assert wrong == OF_VERSION_2


def test_what_the_official_cases_call_valid_may_be_published() -> None:
    """It has a text, fits into 280, and holds none of the characters that X refuses."""
    wrong = [
        case["description"]
        for case in official_cases(*COUNTING)
        if case["description"] not in OF_VERSION_2
        and (0 < length(case["text"], "weighted") <= 280 and not invalid_character(case["text"]))
        != case["expected"]["valid"]
    ]
    assert wrong == []


def test_the_official_links_are_found() -> None:
    """Each where X finds it, and none elsewhere: word by word, as we look for them."""
    cases = official_cases(*LINKS)
    wrong = [
        case["description"]
        for case in cases
        if [word[begin:end] for word in case["text"].split() for begin, end in link_places(word)]
        != case["expected"]
    ]
    assert len(cases) == 49
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("a" * 280, 280),
        ("é", 1),
        ("e\u0301", 1),
        ("’…–", 4),
        ("€", 2),
        ("日本", 4),
        ("a\r\nb", 3),
        ("https://www.example.org/" + "a" * 300, 23),
        ("(https://example.org)", 25),
        ("example.org", 23),
        ("https://a.org https://b.org", 47),
        ("http://localhost/a", 18),
        ("moi@example.org", 15),
        ("💖", 2),
        ("❤️", 2),
        ("1️⃣", 2),
        ("🇨🇮🇵🇱🇵🇪", 6),
        ("👩🏽‍💻", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("💖https://example.org💖", 27),
        ("#1 * 2", 6),
        ("\ud800", 2),
        ("a\udfffb", 4),
    ],
)
def test_what_x_counts(text: str, weight: int) -> None:
    assert length(text, "weighted") == weight


@pytest.mark.parametrize(
    "emoji",
    [
        "❤️‍🔥",
        "😮‍💨",
        "🐦‍⬛",
        "🐦‍🔥",
        "🙂‍↔️",
        "⛓️‍💥",
        "🧑‍🧑‍🧒",
        "🫱🏻‍🫲🏼",
        "🫰🏻",
        "🫃🏽",
        "👩🏻‍❤️‍👨🏼",
        "🚶🏽‍♀️‍➡️",
        "👯🏻",
        "🇨🇶",
        "🫠",
    ],
)
def test_emoji_that_were_joined_since_13_1_count_as_one(emoji: str) -> None:
    assert length(emoji, "weighted") == 2
    assert length(f"a{emoji}{emoji} b", "weighted") == 7


def test_every_emoji_that_the_parser_knows_counts_as_there() -> None:
    """The fast way around its patterns must find the same."""
    known = Path(twitter_text.__file__).parent / "regexp/emoji-test.txt"
    lines = known.read_text(encoding="utf-8").splitlines()
    codes = [line.split(";")[0].split() for line in lines if line and not line.startswith("#")]
    emojis = ["".join(chr(int(code, 16)) for code in sequence) for sequence in codes]
    assert len(emojis) > 3000
    assert [e for e in emojis[::10] if length(e, "weighted") != _parsed(e)] == []
    assert all(length(e, "weighted") in (1, 2, 4) for e in emojis)


_PIECES = [
    "https://",
    "http://",
    "example",
    ".org",
    ".com",
    "/a",
    "?b=c",
    "@moi",
    "#HRC31",
    " ",
    "\n",
]
_PIECES += ["é", "日", "💖", "(", ")", ".", "…", "-", "1️⃣", "🇫🇷"]


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_it_counts_like_the_parser(text: str) -> None:
    assert length(text, "weighted") == _parsed(text)


_PLACES = [
    "a",
    "ohchr",
    "t",
    "x1",
    "30",
    ".",
    "/",
    ".org",
    ".fr",
    ".ch",
    ".int",
    "/Path",
    "/a1b",
    "e/",
]


@given(
    st.lists(st.sampled_from(_PLACES), max_size=8).map("".join), st.sampled_from(["http", "https"])
)
def test_a_link_that_needs_no_parser_is_one_to_it(address: str, protocol: str) -> None:
    """With the domains that are taken to be beyond doubt, and with any other."""
    word = f"{protocol}://{address}"
    found = twitter_text.extract_urls_with_indices(word)
    assert link_places(word) == [tuple(link["indices"]) for link in found]


@given(
    st.lists(
        st.sampled_from([*_PIECES, "a.co", "\u0958", "👩🏽\u200d💻", "…" * 20]), max_size=30
    ).map("".join)
    | st.text(st.characters(categories=None), max_size=100),
    st.integers(0, 120),
)
def test_what_fits_is_what_is_not_too_long(text: str, limit: int) -> None:
    """Whether the length was looked at or not."""
    assert fits(text, limit, "weighted") == (length(text, "weighted") <= limit)
    assert fits(text, limit, "characters") == (len(text) <= limit)


@given(st.text(st.characters(categories=None), max_size=50))
def test_no_text_makes_it_raise(text: str) -> None:
    assert length(text, "weighted") >= 0
    assert length(text, "characters") == len(text)


@pytest.mark.parametrize(
    "text", ["a." * 100_000, "http://" + "a." * 5000, "(a)" * 30_000, "a" * 500_000]
)
def test_hostile_words_are_counted_soon(text: str) -> None:
    """The parser alone takes minutes for some of these."""
    began = time.perf_counter()
    assert length(text, "weighted") >= 280
    assert time.perf_counter() - began < 2


def _parsed(text: str) -> int:
    weight: int = twitter_text.parse_tweet(text).weightedLength
    return weight
