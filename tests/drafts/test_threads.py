"""A long text becomes a thread where a person would cut it."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.drafts.links import links
from publisher.drafts.text_length import length
from publisher.drafts.text_limits import TextLimits
from publisher.drafts.threads import SHORTEST_LIMIT, split


def bare(text: str) -> str:
    return "".join(text.split())


_WORDS = st.sampled_from(
    [
        *(
            "Le",
            "Conseil",
            "débat,",
            "aujourd’hui",
            "droits.",
            "Pourquoi ?",
            "oui !",
            "M.",
            "p. ex.",
        ),
        *(
            "« Bonjour »",
            "¿Qué?",
            "¡Ya!",
            "10 000",
            "3.5",
            "…",
            "fin…",
            "(art. 34)",
            "–",
            "1.",
            "dr",
        ),
        *(
            "https://www.example.org/a?b=c",
            "example.org",
            "(https://example.org)",
            "#DroitsDeLEnfant",
        ),
        *(
            "@unicef",
            "👩🏽‍💻",
            "👨‍👩‍👧‍👦",
            "🇨🇮🇵🇱",
            "❤️‍🔥",
            "日本語。",
            "a" * 60,
            "e\u0301",
            "Łódź",
            "www.a.org,",
        ),
    ]
)
_SPACES = st.sampled_from([" ", " ", " ", "\n", "\n\n", "  ", "\u00a0", "\r\n", ""])
_TEXTS = st.lists(st.tuples(_WORDS, _SPACES), max_size=60).map(
    lambda pairs: "".join(word + space for word, space in pairs)
)
_LIMITS = st.sampled_from([SHORTEST_LIMIT, 40, 100, 280])


@given(_TEXTS | st.text(max_size=400), _LIMITS)
def test_nothing_is_lost_and_every_part_fits(text: str, limit: int) -> None:
    """The parts, joined, are the text but for its spaces; none is empty."""
    parts = split(text, TextLimits(limit))
    assert bare("".join(parts)) == bare(text)
    assert all(length(part, "weighted") <= limit for part in parts)
    assert all(parts) or parts == ("",)
    assert all(part == part.strip() for part in parts)


@given(_TEXTS, _LIMITS)
def test_neighbours_do_not_fit_into_one(text: str, limit: int) -> None:
    """There are no more parts than needed: two that follow one another never make one."""
    parts = split(text, TextLimits(limit))
    text = text.strip()
    end = 0
    for first, second in pairwise(parts):
        begin = text.index(first, end)
        end = text.index(second, begin + len(first))
        assert length(text[begin : end + len(second)], "weighted") > limit


@given(_TEXTS, _LIMITS)
def test_links_tags_and_emoji_stay_whole(text: str, limit: int) -> None:
    """Each part holds of the links, tags and emoji what the text holds of them."""
    parts = split(text, TextLimits(limit))
    if all(length(word, "weighted") <= limit for word in re.split("[ \n\r]+", text)):
        assert [link for part in parts for link in _links(part)] == _links(text)
    for emoji in ("👩🏽‍💻", "👨‍👩‍👧‍👦", "❤️‍🔥"):
        assert sum(part.count(emoji) for part in parts) == text.count(emoji)


def _links(text: str) -> list[str]:
    return [link.url for word in text.split() for link in links(word)]


def test_a_text_that_fits_is_one_part() -> None:
    assert split("  Bonjour.\n", TextLimits(280)) == ("Bonjour.",)
    assert split("", TextLimits(280)) == ("",)
    assert split("a" * 280, TextLimits(280)) == ("a" * 280,)


def test_it_is_cut_after_sentences() -> None:
    """Not where it is fullest, and not within a sentence although fewer parts would do."""
    sentence = "Ceci est une phrase qui a bien quarante signes."
    assert split(f"{sentence} {sentence} {sentence}", TextLimits(100)) == (
        f"{sentence} {sentence}",
        sentence,
    )
    assert split(f"{'a' * 60}. B{'b' * 60}. C{'c' * 60}.", TextLimits(100)) == (
        f"{'a' * 60}.", f"B{'b' * 60}.", f"C{'c' * 60}.",
    )  # fmt: skip


def test_paragraphs_are_kept() -> None:
    """The cut is between them where that costs no part, and a blank line within a part stays."""
    first, second, third = "A un.\n\nA deux.", "B un. B deux.", "C un. C deux. C trois."
    assert split(f"{first}\n\n{second}\n\n{third}", TextLimits(40)) == (
        f"{first}\n\n{second}",
        third,
    )


def test_a_long_sentence_is_cut_after_a_clause_and_else_after_a_word() -> None:
    assert split("un deux trois quatre, cinq six sept huit neuf dix", TextLimits(30)) == (
        "un deux trois quatre,",
        "cinq six sept huit neuf dix",
    )
    assert split("un deux trois quatre cinq six sept huit neuf dix", TextLimits(30)) == (
        "un deux trois quatre cinq six",
        "sept huit neuf dix",
    )


def test_a_word_longer_than_a_message_is_cut_between_letters() -> None:
    assert [len(part) for part in split("a" * 600, TextLimits(280))] == [280, 280, 40]
    parts = split("日本語" * 100, TextLimits(280))
    assert [len(part) for part in parts] == [140, 140, 20]
    assert split("👨‍👩‍👧‍👦" * 30, TextLimits(25)) == (
        "👨‍👩‍👧‍👦" * 12,
        "👨‍👩‍👧‍👦" * 12,
        "👨‍👩‍👧‍👦" * 6,
    )


@pytest.mark.parametrize(
    "together",
    [
        *("M. Dupont", "p. ex. celui", "art. 34 dit", "Mlle. Ndiaye", "dr. Nowak", "np. Dzieci"),
        *("m.in. Polska", "Sr. Pérez", "Sra. Quispe", "No. 5 says", "e.g. Peru", "U.N. Council"),
        *("J.-P. Martin", "10 000 enfants", "1 234 567 zł", "Art. 19 says"),
    ],
)
def test_what_belongs_together_stays_together(together: str) -> None:
    """Abbreviations and numbers end no sentence, in four languages."""
    first = together.partition(" ")[0]
    text = f"{'mot ' * 6}{together} {'mot ' * 6}"
    for limit in range(SHORTEST_LIMIT, 60):
        for part in split(text, TextLimits(limit)):
            assert not part.endswith(f" {first}"), (limit, part)


@pytest.mark.parametrize(
    "ends",
    [
        *("Fin. Le début", "Fin… Le début", "Fin ! Le début", "Fin ? « Le début", "Fin.» Le début"),
        *("Fin ? » Le début", "¡Fin! ¿Qué", "w 2016. Rada", "etc. Le début", "Fin... Le début"),
        *("Fin. 7 mars", "Fin. 👍 Oui", "Fin.\nle début"),
    ],
)
def test_these_end_a_sentence(ends: str) -> None:
    """Better than the comma behind them, in spite of the longer part that it would make."""
    text = f"{'a' * 20} {ends}, {'b' * 20}"
    first, *_ = split(text, TextLimits(len(text) - 1))
    assert not first.endswith(",")
    assert ends.startswith(first.removeprefix("a" * 20).strip())


@pytest.mark.parametrize("mark", ["?", "!", ":", "»", "%", "…", "?!"])
def test_a_mark_with_a_space_before_it_begins_no_part(mark: str) -> None:
    """French sets them apart, with a plain space or one that sticks."""
    for space in (" ", "\u00a0", "\u202f"):
        text = f"« mot{space}{mark} " * 20
        for part in split(text, TextLimits(30)):
            assert not part.startswith(mark)
            assert not part.endswith("«")


def test_hashtags_at_the_end_make_no_part_of_their_own() -> None:
    text = f"{'mot ' * 20}mot, {'mot ' * 8}mot. #HRC31 #DroitsDeLEnfant"
    assert split(text, TextLimits(120))[-1].startswith("mot")


def test_a_link_within_a_long_word_stays_whole() -> None:
    parts = split(f"{'a' * 270}(https://www.example.org/une-adresse)", TextLimits(280))
    assert parts == ("a" * 270 + "(", "https://www.example.org/une-adresse)")


def test_pieces_that_would_make_another_link_stay_apart() -> None:
    """Each piece is a link of 23 to X, and two of them are none, but 198 letters."""
    parts = split("co." * 200, TextLimits(100))
    assert "".join(parts) == "co." * 200
    assert all(length(part, "weighted") <= 100 for part in parts)


def test_a_limit_that_no_link_fits_into_is_refused() -> None:
    with pytest.raises(ValueError, match="limit of 24"):
        split("Bonjour.", TextLimits(24))


@pytest.mark.parametrize(
    "text", ["mot, mot. Et " * 2000, "a" * 30_000, "a. " * 5000, "https://a.org " * 2000]
)
def test_a_long_text_is_split_soon(text: str) -> None:
    began = time.perf_counter()
    split(text, TextLimits(280))
    assert time.perf_counter() - began < 10
