"""The words by which the log is searched."""

import pytest

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.log_pages import Logbook, Wanted
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part, Picture
from publisher.model.outcomes import Accepted, Kind, Outcome, Refused
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards("publisher.ledger.reading.log_pages", "publisher.ledger.reading.reported"),
]

TEXTS = {
    "2016-03-07-annual-day.fr": "La séance d'aujourd'hui : « Protéger l'enfant » #DroitsDeLEnfant",
    "2016-03-07-annual-day.es": "La sesión de hoy, sobre la niñez. https://www.example.org/niñez",
    "opening.pl": "Dzisiejsza sesja w Łodzi – prawa dziecka. #PrawaDziecka2016",
    "opening.en": "Today's session: the rights of the child\n\non-line, at 9:30. #UNCRC #HRC31",
}


@pytest.fixture
def logbook(database: Database, ledger: Ledger, clock: ManualClock) -> Logbook:
    add(ledger, *(wish(clock, post, texts=(words,)) for post, words in TEXTS.items()))
    return Logbook(database)


def found(logbook: Logbook, words: str) -> set[str]:
    return {d.post for d in logbook.page(Wanted(text=words), 50).deliveries}


@pytest.mark.parametrize(
    ("words", "ending"),
    [
        ("séance", "fr"), ("seance", "fr"), ("SÉANCE", "fr"), ("séan", "fr"),
        ("aujourd'hui", "fr"), ("aujourd’hui", "fr"), ("enfant", "fr"), ("#DroitsDeLEnfant", "fr"),
        ("droitsdel", "fr"), ("niñez", "es"), ("ninez", "es"), ("example.org/niñez", "es"),
        ("Łodzi", "pl"), ("lodz", "pl"), ("łodzi prawa", "pl"), ("dziecka2016", "pl"),
        ("on-line", "en"), ("9:30", "en"), ("child rights", "en"), ("today's", "en"),
        ("#uncrc", "en"), ("opening.en", "en"), ("annual-day.fr", "fr"),
    ],
)  # fmt: skip
def test_words_are_found_without_regard_to_accents_and_capitals(
    logbook: Logbook, words: str, ending: str
) -> None:
    assert {post.rpartition(".")[2] for post in found(logbook, words)} == {ending}


def test_all_words_must_be_there_and_what_is_written_together_in_a_row(logbook: Logbook) -> None:
    assert len(found(logbook, "2016-03-07")) == 2
    assert found(logbook, "2016-07-03") == set()
    assert found(logbook, "session dziecka") == set()
    assert found(logbook, "07 annual") == {
        "2016-03-07-annual-day.fr", "2016-03-07-annual-day.es",
    }  # fmt: skip


@pytest.mark.parametrize(
    "words", ["!", "💖", "zzz", '"', "' OR 1", "NEAR(a b)", "zz:*", "-", "*", "\\"]
)
def test_what_is_no_word_of_any_post_finds_nothing_and_breaks_nothing(
    logbook: Logbook, words: str
) -> None:
    assert found(logbook, words) == set()


def test_pictures_titles_and_links_have_words_too(
    ledger: Ledger, database: Database, clock: ManualClock
) -> None:
    picture = Picture(
        digest="0" * 64, media_type="image/png", width=1, height=1, alt="La salle XX", name="0.png"
    )
    content = Content(
        parts=(Part(text=""), Part(text="Deux.", pictures=(picture,))),
        title="Journée annuelle",
        link="https://www.example.org/article",
    )
    add(ledger, wish(clock, "a.fr", content=content))
    for words in ("salle", "annuelle", "article", "deux"):
        assert found(Logbook(database), words) == {"a.fr"}


def test_an_edit_is_found_by_its_new_words_alone(
    ledger: Ledger, logbook: Logbook, queries: Queries, clock: ManualClock
) -> None:
    (old,) = queries.deliveries(post="opening.en")
    new = wish(clock, "opening.en", texts=("Tomorrow.",))
    ledger.apply(add=(), edit=[(old, new)], cancel=(), pictures={}, actor="redaction")
    assert found(logbook, "tomorrow") == {"opening.en"}
    assert found(logbook, "child") == set()


def test_a_post_is_found_by_its_address_and_by_its_error(
    logbook: Logbook, dispatch: Dispatch, attempts: OneByOne, control: Control, clock: ManualClock
) -> None:
    clock.advance(60)
    claims = dispatch.claim(clock.ahead(2), clock.ahead(90), 10)
    outcomes: list[Outcome] = [
        Accepted("707", url="https://x.com/bice/status/707"), Refused(Kind.CONTENT, "Trop long."),
    ]  # fmt: skip
    posts = []
    for claim, outcome in zip(claims, outcomes, strict=False):
        taken = attempts.take(claim)
        assert taken
        intended = attempts.intend(taken, clock.now(), clock.ahead(90))
        assert intended
        posts.append(attempts.record(intended, outcome, clock.ahead(90)).post)
    assert found(logbook, "x.com/bice/status/707") == {posts[0]}
    assert found(logbook, "trop long") == {posts[1]}
    control.retry(posts[1], None, "direction")
    assert found(logbook, "trop long") == set()
