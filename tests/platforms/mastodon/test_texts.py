"""Mastodon: a post is found again by its text, which a server gives back as HTML."""

from datetime import timedelta

import pytest

from publisher.channels.timelines import words
from publisher.model.content import Content, Part
from publisher.model.outcomes import (
    Absent,
    Accepted,
    Unknown,
)
from publisher.platforms.mastodon import status_html, timeline
from publisher.platforms.mastodon.stand_in.content_html import content
from tests.channels.conftest import DUE, Stage, Stages
from tests.platforms.mastodon.servers import NOTHING, Exchanges, faults

pytestmark = pytest.mark.guards(
    "publisher.channels.html_text", "publisher.platforms.mastodon.status_html"
)

TEXTS = [
    "L’égalité, c’est maintenant. #HRC31 & <b>, 50 % + « guillemets » 🕊️ ñ ł",
    "À lire https://www.example.org/un/article/avec/une/longue/adresse?a=1&b=2#c (fr).",
    "Voir example.org, https://x.org et http://y.org/a_(b), puis #a#b",
    "Une ligne\nune autre\n\nun paragraphe *gras* _it_ `code` <p>\r\n\r\n\r\nfin",
    "@bice @BICE @bice@mastodon.example @personne @bice@ailleurs.example bice@example.org",
    "e\u0301te\u0301 Å \u200bet\u00a0des\u2060 signes : 👩‍👩‍👧 🇫🇷",
    "#HRC31#Deux & &amp; &lt;p&gt; \"x\" 'y' \\ / @ # @@bice",
]


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("mastodon")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("has_source", [True, False])
def test_a_text_is_found_whatever_the_server_makes_of_it(
    text: str, has_source: bool, stage: Stage, exchanges: Exchanges
) -> None:
    """By the HTML or by the source; without a source, mentions may leave it to a person."""
    attempt = stage.ready(stage.parcel(text))
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    if not has_source:
        faults(stage, {"what": "not-found", "endpoint": "getStatusSource"})
    found = attempt.find(())
    if not has_source and "@bice@mastodon.example" in text:
        assert isinstance(found, Unknown)
    else:
        assert isinstance(found, Accepted)
        assert found.remote_id == sent.remote_id
    assert {request.method for request in exchanges[1:]} == {"GET"}


@pytest.mark.parametrize("text", TEXTS)
def test_another_text_is_not_taken_for_it(text: str, stage: Stage) -> None:
    attempt = stage.ready(stage.parcel(text))
    attempt.send()
    for other in (f"{text} Fin", text.replace("e", "a", 1), text[1:], "Tout autre chose"):
        if words(other) != words(text):
            found = stage.open().find(stage.parcel(other), NOTHING, (), attempt.since)
            assert found == Absent()


def test_without_a_source_other_words_do_not_prove_that_it_is_absent(stage: Stage) -> None:
    """The server may have made them of ours; but not a picture."""
    attempt = stage.ready(stage.parcel("Bonjour"))
    attempt.send()
    faults(stage, {"what": "not-found", "endpoint": "getStatusSource"})
    channel, parcel = stage.open(), stage.parcel("Bonsoir", post="two")
    assert channel.find(parcel, NOTHING, (), attempt.since) == Absent(is_proof=False)
    shows = stage.parcel("Bonsoir", pictures=(stage.picture("Une carte"),), post="two")
    assert channel.find(shows, NOTHING, (), attempt.since) == Absent()


@pytest.mark.parametrize(("number", "is_proof"), [(5, True), (6, False)])
def test_with_more_posts_than_are_read_it_is_not_proved_absent(
    number: int, is_proof: bool, stage: Stage, exchanges: Exchanges
) -> None:
    since = stage.options.clock.now()
    for one in range(number):
        stage.ready(stage.parcel(f"Jour {one}", post=f"day-{one}")).send()
    found = stage.open().find(stage.parcel("Bonsoir", post="two"), NOTHING, (), since)
    assert found == Absent(is_proof=is_proof)
    assert sum(str(request.url).endswith("/source") for request in exchanges) == 5


def test_another_link_in_the_same_words_is_not_taken_for_it(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel("Lire https://example.org/un?a=1"))
    attempt.send()
    other = stage.parcel("Lire https://example.org/un?a=2")
    assert stage.open().find(other, NOTHING, (), attempt.since) == Absent()


def test_the_same_words_from_before_leave_it_to_a_person(stage: Stage) -> None:
    stage.ready(stage.parcel("Bonjour")).send()
    stage.options.clock.sleep_until(stage.options.clock.now() + timedelta(minutes=5))
    seen = stage.ready(stage.parcel("Bonjour", post="two")).find()
    assert isinstance(seen, Unknown)
    assert "it was there before" in seen.message


def test_pictures_without_words_are_told_apart_by_their_uploads(stage: Stage) -> None:
    """Where they cannot be, a person decides."""
    first = stage.ready(stage.parcel("", pictures=(stage.picture("Une carte", "teal"),)))
    second = stage.ready(stage.parcel("", pictures=(stage.picture("Autre", "navy"),), post="two"))
    sent = first.send()
    assert isinstance(sent, Accepted)
    assert isinstance(second.find(), Unknown)
    second.send()
    found = first.find(())
    assert isinstance(found, Accepted)
    assert found.remote_id == sent.remote_id


def test_a_part_of_a_thread_is_found_by_its_parent(stage: Stage) -> None:
    """Two parts with the same words are two posts."""
    thread = stage.parcel("Un", "Oui", "Oui")
    attempt = stage.ready(thread)
    for _part in range(3):
        assert attempt.find() == Absent()
        attempt.send()
    assert [attempt.find(attempt.sent[:n]) for n in range(3)] == [
        Accepted(shown.id, url=f"https://mastodon.example/@bice/{shown.id}")
        for shown in stage.shown()
    ]


def test_the_same_words_elsewhere_are_no_part_of_a_thread(stage: Stage) -> None:
    """Neither a post of its own, nor an answer to another one."""
    thread = stage.ready(stage.parcel("Un", "Oui"))
    thread.send()
    for other in (stage.parcel("Oui", post="two"), stage.parcel("Autre", "Oui", post="three")):
        stage.deliver(other)
    assert thread.find() == Absent()


@pytest.mark.parametrize("text", TEXTS)
def test_the_html_of_a_text_has_its_words(text: str) -> None:
    """All but the servers of mentions, which Mastodon leaves out."""
    shown, _led = status_html.texts(content(text.strip(), {"bice"}, "mastodon.example"))
    ours = text.replace("@bice@mastodon.example", "@bice")
    assert words(shown) == words(ours)


@pytest.mark.parametrize(
    "html",
    [
        "", "<", "<p", "</p></a>", "<a href>x", "<a href='https://x'>y</a", "&#x110000;", "<![CDATA[x",
        "<!--", "<a class=mention>@<span>b", "\0", "<![foo[bar]]>", "<p>a</p><![", f"&#{'9' * 5000};",
    ],
)  # fmt: skip
def test_no_html_raises(html: str) -> None:
    status_html.texts(html)


def test_another_server_may_shorten_links_otherwise() -> None:
    html = '<p>Lire <a href="https://example.org/long/chemin">example.org/…</a>.</p>'
    status = timeline.Status("1", html, "", DUE, None, (), None)
    shown = Content(parts=(Part(text="Lire https://example.org/long/chemin."),))
    wanted = timeline.ExpectedStatus.of(shown, 0, {})
    found = timeline.candidates(wanted, [status], (), status.created_at)
    assert found.whole == [status]


@pytest.mark.parametrize(
    "body", ["", "{}", "[1]", '[{"id": "1"}]', '[{"id": "1", "created_at": "x", "content": ""}]',
             '[{"id": "1", "created_at": "2016-03-07T07:30:00", "content": ""}]', "null"],
)  # fmt: skip
def test_a_page_that_is_none_is_not_read_as_empty(body: str) -> None:
    assert timeline.parse(body) is None
