"""Which post of a timeline is a given part, in all the spellings that X may choose."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.channels.timelines import SKEW
from publisher.model.content import Part, Picture
from publisher.model.outcomes import Absent, Accepted, Unknown
from publisher.platforms.twitter import timeline
from publisher.platforms.twitter.timeline import TimelinePage, TimelinePost

SINCE = datetime(2016, 3, 7, 7, 30, tzinfo=UTC)
PICTURE = Picture(digest="d", media_type="image/png", width=1, height=1, alt="Une carte", name="c")


def item(text: str, *links: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    """A post as X's JSON has it; a link stands as `@0`, `@1` … in the text."""
    urls = []
    for number, link in enumerate(links):
        short = f"https://t.co/abc{number}"
        text = text.replace(f"@{number}", short)
        about = {"expanded_url": link} if isinstance(link, str) else link
        urls.append({"start": 0, "end": 0, "url": short, **about})
    found = {"id": "20", "text": text, "created_at": "2016-03-07T07:30:00.000Z"}
    return {**found, "entities": {"urls": urls}, **more}


def page(*items: dict[str, Any], **meta: Any) -> str:
    return json.dumps({"data": items, "meta": {"result_count": len(items), **meta}})


def posts(*items: dict[str, Any]) -> tuple[TimelinePost, ...]:
    found = timeline.parse(page(*items))
    assert found
    return found.posts


def look(
    text: str, *items: dict[str, Any], sent: tuple[str, ...] = (), pictures: int = 0
) -> Accepted | Absent | Unknown:
    part = Part(text=text, pictures=(PICTURE,) * pictures)
    return timeline.look_for(part, posts(*items), sent, SINCE)


FOUND = Accepted("20", url="https://x.com/i/web/status/20")
A, B = "https://example.org/a", "https://example.org/b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # What X writes for a link that was sent.
        (f"Lire {A}", item("Lire @0", A)),
        (f"Lire {A}/", item("Lire @0", A)),
        (f"Lire {A}", item("Lire @0", f"{A}/")),
        ("Lire example.org/a", item("Lire @0", "http://example.org/a")),
        ("Lire example.org", item("Lire @0", "https://example.org/")),
        ("Lire HTTPS://Example.ORG/a", item("Lire @0", A)),
        (f"Lire {A}", item("Lire @0", {"expanded_url": B, "unwound_url": A})),
        (f"Lire {A}", item("Lire @0", {"expanded_url": A, "unwound_url": B})),
        (f"Lire {A}?x=1&y=2", item("Lire @0", f"{A}?x=1&y=2")),
        (f"Lire {A}?x=1&y=2", item("Lire @0", f"{A}?x=1&amp;y=2")),
        (f"Lire {A}/é", item("Lire @0", f"{A}/%C3%A9")),
        (f"Lire {A}/e\u0301", item("Lire @0", f"{A}/%C3%A9")),
        (f"Lire {A}#b", item("Lire @0", f"{A}#b")),
        ("Lire https://müller.example/", item("Lire @0", "https://xn--mller-kva.example")),
        (f"({A}), « {B} ».", item("(@0), « @1 ».", A, B)),
        (f"见{A}和{B}。", item("见@0和@1。", A, B)),
        (f"{A} {A}", item("@0 @0", A)),
        ("Lire https://t.co/abc0", item("Lire @0", A)),
        # A link that X left alone.
        (f"Lire {A}", item(f"Lire {A}")),
        # Characters.
        ("1 < 2 & 3 > 2", item("1 &lt; 2 &amp; 3 &gt; 2")),
        ("&lt; &amp;", item("&amp;lt; &amp;amp;")),
        ("e\u0301te\u0301", item("\u00e9t\u00e9")),
        ("\u00e9t\u00e9", item("e\u0301te\u0301")),
        ("« Oui\u202f! »\u00a0\n\nNon", item("« Oui ! » Non")),
        ("Colombe 🕊\ufe0f", item("Colombe 🕊")),
        ("👨\u200d👩\u200d👧", item("👨\u200d👩\u200d👧")),
        ("a\u200bb\u00ad", item("ab")),
        ("  Oui  ", item("Oui")),
    ],
)
def test_a_part_is_recognised(text: str, shown: dict[str, Any]) -> None:
    assert look(text, shown) == FOUND


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Oui", item("Non")),
        ("Oui", item("Oui !")),
        ("Oui", item("oui")),
        ("Oui", item("")),
        ("", item("Oui")),
        ("", item("")),
        ("Oui", item("Oui @0", A)),
        (f"Oui {A}", item("Oui")),
        (f"Lire {A}", item("Voir @0", A)),
        (f"Lire {A}", item("Lire @0.", A)),
        ("Lire ceci", item("Lire @0", A)),
        (f"{A} et", item("@0 @1", A, B)),
        ("aba", item("ab@0ba", A)),
        ("RT @bice: Oui", item("Oui")),
    ],
)
def test_another_text_is_not_taken_for_it(text: str, shown: dict[str, Any]) -> None:
    assert look(text, shown, pictures=int(not text)) == Absent()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Lire {A}", item("Lire @0", B)),
        (f"Lire {A}", item("Lire @0", "https://other.example/a")),
        (f"Lire {A}", item("Lire @0", {})),
        (f"Lire {A}", item("Lire @0", {"expanded_url": None})),
        (f"Lire {A}", item("Lire https://t.co/zzz")),
        (f"Lire {A}.", item("Lire @0", A)),
        (f"{A},b,{B}", item("@0,b,@1", A, A)),
    ],
)
def test_the_same_words_with_another_link_are_doubtful(text: str, shown: dict[str, Any]) -> None:
    """Sending again might double, and taking it for ours might lose."""
    outcome = look(text, shown)
    assert isinstance(outcome, Unknown)
    assert "20" in outcome.message


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Oui", item("Oui @0", {"expanded_url": "https://x.com/bice/status/20/photo/1"})),
        ("Oui", item("Oui @0", {"expanded_url": "https://twitter.com/b/status/20/video/1"})),
        ("Oui", item("Oui @0", {"expanded_url": A, "media_key": "3_1"})),
        ("Oui", item("Oui https://t.co/zzz")),
        ("Oui", item("Oui")),
        (f"{A}", item("@0 https://t.co/zzz", A)),
        ("", item("@0", {"media_key": "3_1"}, attachments={"media_keys": ["3_1"]})),
        ("", item("https://t.co/zzz", attachments={"media_keys": ["3_1"]})),
    ],
)
def test_the_link_of_a_picture_is_nobodys_text(text: str, shown: dict[str, Any]) -> None:
    assert look(text, shown, pictures=1) == FOUND


def test_a_link_at_the_end_is_not_a_pictures_when_x_says_where_it_leads() -> None:
    assert look("Oui", item("Oui @0", A), pictures=1) == Absent()


def test_pictures_alone_are_told_apart_by_their_number() -> None:
    media = {"media_key": "3_1"}
    shown = item("@0", media, attachments={"media_keys": ["3_1", "3_2"]})
    assert look("", shown, pictures=2) == FOUND
    assert look("", shown, pictures=1) == Absent()


def test_the_place_in_the_thread_must_fit() -> None:
    answers = [{"type": "quoted", "id": "7"}, {"type": "replied_to", "id": "9"}]
    for name in ("referenced_posts", "referenced_tweets"):
        reply = item("Oui", conversation_id="5", **{name: answers})
        assert look("Oui", reply) == Absent()
        assert look("Oui", reply, sent=("5", "9")) == FOUND
        assert look("Oui", reply, sent=("5", "7")) == Absent()
        assert look("Oui", reply, sent=("9", "5")) == Absent()
    assert look("Oui", item("Oui", conversation_id="20")) == FOUND
    assert look("Oui", item("Oui", conversation_id="20"), sent=("5",)) == Absent()


def test_a_reply_of_which_x_does_not_say_to_what_is_doubtful() -> None:
    """But certainly no first part."""
    reply = item("Oui", conversation_id="5")
    assert isinstance(look("Oui", reply, sent=("5",)), Unknown)
    assert look("Oui", reply) == Absent()
    assert look("Non", reply, sent=("5",)) == Absent()


LONG = f"Les enfants parlent. {A} " * 15


@pytest.mark.parametrize(
    "shown",
    [
        f"{LONG[:270]}…",
        f"{LONG[:270]}… https://t.co/zzz",
        f"{LONG[:261]} …",
        LONG[:230].replace(A, "https://t.co/zzz") + "…",
        f"{LONG[:236]}https://exa…",
    ],
)
def test_the_beginning_of_a_long_text_is_doubtful(shown: str) -> None:
    """X has the rest elsewhere, and may leave that out: sending again might double."""
    assert isinstance(look(LONG, item(shown)), Unknown)
    assert look(LONG.replace("Les", "Ces"), item(shown)) == Absent()
    assert look(LONG[:140], item(shown)) == Absent()


def test_a_certain_match_outweighs_a_doubtful_one() -> None:
    assert look(f"Lire {A}", item("Lire @0", B, id="10"), item("Lire @0", A)) == FOUND


def test_an_id_that_is_known_is_never_given_again() -> None:
    """Not even where a thread would answer itself."""
    loop = item("Oui", referenced_posts=[{"type": "replied_to", "id": "20"}])
    assert look("Oui", loop, sent=("20",)) == Absent()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, Accepted), (3600, Accepted), (-60, Accepted), (-61, Unknown), (-86400, Unknown)],
)
def test_what_is_older_than_the_intent_is_for_a_person(seconds: int, expected: type) -> None:
    """Either somebody posted the same words, or our clock was wrong."""
    created = (SINCE + timedelta(seconds=seconds)).isoformat()
    assert isinstance(look("Oui", item("Oui", created_at=created)), expected)
    assert timedelta(seconds=60) == SKEW


def test_a_recent_post_is_meant_though_an_older_one_has_the_same_text() -> None:
    before = (SINCE - timedelta(hours=1)).isoformat()
    assert look("Oui", item("Oui"), item("Oui", id="7", created_at=before)) == FOUND


def test_an_older_post_in_another_place_of_the_thread_says_nothing() -> None:
    before = (SINCE - timedelta(hours=1)).isoformat()
    assert look("Oui", item("Oui", id="7", created_at=before), sent=("20",)) == Absent()


def test_the_earliest_of_several_is_meant() -> None:
    """By its instant, then by its id as a number."""
    late = item("Oui", id="9", created_at="2016-03-07T07:30:01Z")
    assert look("Oui", late, item("Oui", id="100"), item("Oui")) == FOUND


def test_a_page_may_be_empty_and_tells_what_follows() -> None:
    assert timeline.parse('{"meta": {"result_count": 0}}') == TimelinePage((), None)
    found = timeline.parse(page(item("Oui"), next_token="b20"))
    assert found
    assert (len(found.posts), found.next_token) == (1, "b20")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        '{"meta": null}',
        '{"data": null, "meta": {}}',
        '{"data": [], "meta": {"next_token": 7}}',
        page({"id": "20", "text": "Oui"}),
        page(item("Oui", id=20)),
        page(item("Oui", id="../20")),
        page(item("Oui", id="")),
        page({**item("Oui"), "text": None}),
        page(item("Oui", created_at="yesterday")),
        page(item("Oui", created_at="2016-03-07T07:30:00")),
        page(item("Oui", created_at=1)),
        page(item("Oui", entities=[1])),
        page(item("Oui", entities={"urls": [7]})),
        page(item("Oui", entities={"urls": [{"expanded_url": A}]})),
        page(item("Oui", referenced_posts=[{"id": "1"}])),
        page(item("Oui", attachments="none")),
    ],
)
def test_what_is_no_page_is_none(body: str) -> None:
    """Half a page would prove an absence that is none."""
    assert timeline.parse(body) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
_WORDS = st.text(max_size=20) | st.lists(
    st.sampled_from(["https://t.co/abc0", "https://t.co/abc1", A, "Oui", ".", " ", "和", "&amp;"])
).map("".join)


@given(
    text=_WORDS, shown=_WORDS, link=st.text(max_size=30) | _JSON, more=_JSON, pictures=st.booleans()
)
def test_nothing_that_x_shows_raises(
    text: str, shown: str, link: Any, more: Any, pictures: bool
) -> None:
    strange = item(shown, {"expanded_url": link}, conversation_id=more, attachments=more)
    found = timeline.parse(page(strange))
    if found:
        part = Part(text=text, pictures=(PICTURE,) * pictures)
        timeline.look_for(part, found.posts, (), SINCE)


@given(text=_WORDS, pictures=st.booleans())
def test_what_is_shown_as_it_was_written_is_found(text: str, pictures: bool) -> None:
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    number = {"attachments": {"media_keys": ["3_1"] * pictures}}
    assert look(text, item(shown, **number), pictures=int(pictures)) == FOUND


def test_a_hostile_text_takes_no_time() -> None:
    short, long = "https://t.co/a" * 20_000, "a." * 100_000
    began = time.monotonic()
    for text, shown in ((long, short), (long, f"{short} {long}"), (short, "a,@0," * 20_000)):
        look(text, item(shown, A))
    assert time.monotonic() - began < 5


REPLY = {
    "id": "21",
    "conversation_id": "20",
    "referenced_tweets": [{"type": "replied_to", "id": "20"}],
}


def mentioning(text: str, *names: str, begin: int | None = None) -> dict[str, Any]:
    """A reply whose `entities` know these names; `begin`: where X begins to show its text."""
    found = {"mentions": [{"start": 0, "end": 1, "username": name} for name in names]}
    shown = {} if begin is None else {"display_text_range": [begin, len(text)]}
    return {**item(text), **REPLY, "entities": found, **shown}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Deux", mentioning("@BICE_ONG Deux", "BICE_ONG")),
        ("Deux", mentioning("@BICE_ONG Deux", begin=10)),
        ("Deux", mentioning("@bice_ong @unicef Deux", "BICE_ONG", "UNICEF")),
        ("@unicef Deux", mentioning("@BICE_ONG @unicef Deux", "BICE_ONG", "unicef")),
        ("@unicef Deux", mentioning("@unicef Deux", "unicef", begin=8)),
    ],
)
def test_a_name_before_a_reply_does_not_hide_it(text: str, shown: dict[str, Any]) -> None:
    """X puts those whom it answers before it; whoever wrote a name himself has it twice at most."""
    found = look(text, shown, sent=("20",))
    assert isinstance(found, Accepted)
    assert found.remote_id == "21"


@pytest.mark.parametrize(
    "shown",
    [
        mentioning("@BICE_ONG Trois", "BICE_ONG"),
        mentioning("Dit @BICE_ONG Deux", "BICE_ONG"),
        mentioning("@BICE_ONG Deux"),
        {**item("@BICE_ONG Deux"), "entities": {"mentions": [{"username": "BICE_ONG"}]}},
    ],
)
def test_no_other_words_are_taken_for_such_a_name(shown: dict[str, Any]) -> None:
    sent = ("20",) if shown.get("referenced_tweets") else ()
    assert look("Deux", shown, sent=sent) == Absent()


def test_an_id_of_x_tells_when_its_post_was_made() -> None:
    assert timeline.made_at("1346889436626259968") == datetime(
        2021, 1, 6, 18, 40, 40, 344_000, tzinfo=UTC
    )
    assert timeline.made_at("1_2") is None
