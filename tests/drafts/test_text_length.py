"""X's weighted length, against X's own cases where they are at hand."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from emoji import EMOJI_DATA
from hypothesis import given
from hypothesis import strategies as st

from publisher.drafts.links import links
from publisher.drafts.text_files import invalid_character
from publisher.drafts.text_length import length
from tests.fuzz import against_x
from tests.fuzz.effort import bounded

pytestmark = pytest.mark.guards("publisher.drafts.links")

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
    """Each where X finds it, and none elsewhere."""
    cases = official_cases(*LINKS)
    wrong = [
        case["description"]
        for case in cases
        if [link.url for link in links(case["text"])] != case["expected"]
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
        ("© BICE ®", 8),
        ("©️ BICE ®️", 10),
        ("❤︎", 4),
        ("🇫🇫", 4),
        ("⭐️", 2),
        ("✅️", 4),
        ("⛷🏽", 2),
        ("👍🏽🏽", 4),
        ("example.org日.org/a", 28),
        ("example.org𠮷.org/", 30),  # the address ends in the middle of a character
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


def test_every_emoji_counts_two() -> None:
    """To Unicode 17 and beyond, alone and among others; but © and ® are emoji by U+FE0F alone."""
    emojis = [emoji for emoji in EMOJI_DATA if emoji not in ("©", "®")]
    assert len(emojis) > 5000
    assert {of["E"] for of in EMOJI_DATA.values()} > {16, 17}
    assert [e for e in emojis if length(e, "weighted") != 2] == []
    assert [e for e in emojis if length(f"a{e} {e}b", "weighted") != 7] == []


@pytest.mark.parametrize("row", range(10))
def test_texts_are_counted_as_by_the_code_of_x(row: int) -> None:
    """Weight and links of texts by chance, as `make fuzz` recorded them from twitter-text 3.1.0."""
    recorded = against_x.recorded()[row::10]
    assert len(recorded) == 60
    assert [(t, x) for t, x in recorded if against_x.counted_by_us(t) != x] == []


@given(st.text(st.characters(categories=None), max_size=50))
def test_no_text_makes_it_raise(text: str) -> None:
    assert length(text, "weighted") >= 0
    assert length(text, "characters") == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "a." * 100_000,
        "http://" + "a." * 5000,
        "(a)" * 30_000,
        "a" * 500_000,
        "a_b.co." * 20_000,
        "a.co_." * 20_000,
        "a.co/(x" * 20_000,
        "a.co/" + "(" * 200_000,
        "日.com日" * 20_000,
        "xn--" + "a" * 200_000 + "日.com",
        "👩\u200d" * 50_000,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_words_are_counted_soon(text: str) -> None:
    """X's own patterns take minutes for some of these."""
    with bounded(10):
        assert length(text, "weighted") >= 280
