"""Signs of alarm in comments: words in any spelling, links, names."""

import pytest

from publisher.drafts import alarm_words
from publisher.model.alarms import AlarmWord, Sign, Signs, signs_in
from publisher.model.problems import Findings

pytestmark = pytest.mark.guards("publisher.drafts.alarm_words")


def found(text: str, *words: str, names: tuple[str, ...] = ()) -> tuple[Sign, ...]:
    return signs_in(text, Signs([w for one in words if (w := AlarmWord.of(one))], names))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Il m’a violée hier", "violee"),
        ("IL M'A VIOLÉE", "violée"),
        ("samobójstwo", "samoboj*"),
        ("Zabiję cię", "zabije cie"),
        ("pętla i gwałtem", "gwalt*"),
        ("Quiero morir.", "quiero morir"),
        ("quiero, morir", "quiero morir"),
        ("su1c1de", "suicid*"),
        ("su\u200bicide", "suicid*"),
        ("kill\nmyself", "kill myself"),
        ("il m’a touchée là", "m'a touche*"),
        ("ｋｉｌｌ ｙｏｕ", "kill you"),
    ],
)
def test_a_word_of_the_list_is_found_in_any_spelling(text: str, word: str) -> None:
    assert found(text, word) == (Sign("word", word),)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("violon et violette", "viol"),
        ("skill yourself", "kill yourself"),
        ("kill the lights, find myself", "kill myself"),
        ("they kill time", "kill yourself"),
        ("he makes a kill", "kill yourself"),
        ("therapist", "rapist"),
        ("", "suicid*"),
    ],
)
def test_a_word_within_another_is_not_that_word(text: str, word: str) -> None:
    assert found(text, word) == ()


def test_names_come_before_words_and_links() -> None:
    """What names a child is the gravest."""
    signs = found("AMINA Diallo lives at https://a.example, help me", "help me",
                  names=("Amina Diallo",))  # fmt: skip
    assert [one.kind for one in signs] == ["name", "word", "link"]
    assert [one.is_alarming for one in signs] == [True, True, False]


def test_a_name_too_short_to_mean_anybody_is_not_looked_for() -> None:
    assert found("Al is here", names=("Al",)) == ()


@pytest.mark.parametrize("text", ["see bit.ly/x", "www.example.org", "HTTP://A.B", "t.me/abc"])
def test_links_are_a_sign_that_calls_nobody(text: str) -> None:
    assert [one.is_alarming for one in found(text)] == [False]


def test_a_text_of_many_words_is_compared_quickly() -> None:
    words = alarm_words.parse(alarm_words.SAMPLE, Findings(alarm_words.FILE))
    assert signs_in("a " * 1000, Signs(words)) == ()


def test_the_sample_has_four_languages_and_no_problems() -> None:
    findings = Findings(alarm_words.FILE)
    words = alarm_words.parse(alarm_words.SAMPLE, findings)
    assert not findings.problems
    for text in ("he touched me", "je veux mourir", "te voy a matar", "boję się go"):
        assert signs_in(text, Signs(words)), text


def test_a_bad_entry_has_its_place_and_the_others_count() -> None:
    findings = Findings(alarm_words.FILE)
    words = alarm_words.parse("fr: [au secours, '**', [a]]\nfrançais: [x]\nen: text\n", findings)
    assert [one.text for one in words] == ["au secours"]
    assert [(one.line, one.code) for one in findings.problems] == [
        (1, "bad-value"), (1, "not-a-text"), (2, "bad-language"), (3, "not-a-list"),
    ]  # fmt: skip
