"""Who is told what in person: only what concerns them, once, and what is still so."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select

from publisher.auth.users import People, Rank
from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.approvals import Approvals, digest
from publisher.ledger.manager.draft_edits import Edits
from publisher.ledger.manager.notes import Notes
from publisher.ledger.manager.rights import Rights
from publisher.ledger.manager.undo import Undo
from publisher.ledger.news import personal_news, personal_queries
from publisher.ledger.news.notice_addresses import Addresses, NoticeAddress, Topic
from publisher.ledger.news.personal_news import PersonalItem, PersonalNews
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import notice_addresses, notice_services, notice_topics, notices
from publisher.model.accounts import ApprovalRule
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.states import State
from tests.notices.conftest import Mishaps
from tests.support.clock import ManualClock
from tests.support.draft_edits import edited
from tests.support.pages import PASSWORD
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards(
    "publisher.ledger.news.notice_addresses",
    "publisher.ledger.news.personal_news",
    "publisher.ledger.news.personal_queries",
)

_PEOPLE = (
    ("redaction", Rank.STAFF, None),
    ("stagiaire", Rank.STAFF, None),
    ("direction", Rank.MANAGER, ["BICE"]),
    ("kasia", Rank.MANAGER, ["Warsaw"]),
    ("chef", Rank.ADMIN, None),
)
_OF = {"bice-x": "BICE", "bice-page": "BICE", "warsaw-x": "Warsaw"}


def _rule(account: str) -> ApprovalRule:
    named = frozenset({"chef"}) if account == "bice-page" else frozenset()
    return ApprovalRule(required=True, approvers=named)


def news_of(database: Database, clock: ManualClock) -> PersonalNews:
    return PersonalNews(database, clock, _rule, Rights(_OF.get))


class Newsroom:
    """People with an address each, and what happens to their posts."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.people = People(database, clock)
        self.addresses = Addresses(database, clock)
        for name, rank, organisations in _PEOPLE:
            self.people.add(name, rank, PASSWORD, organisations=organisations)
            self.addresses.add(self.people.find(name), f"ntfys://ntfy.example.org/{name}")
        self.news = news_of(database, clock)
        self.ledger = Ledger(database, clock)
        self.approvals = Approvals(database, clock, _rule)
        self.queries = Queries(database, clock)

    def queue(
        self, post: str = "post.fr", due_in: float = 7200, account: str = "bice-x"
    ) -> Delivery:
        """A post of redaction that waits, for longer than an undo."""
        wanted = wish(
            self.clock, post, due_in, account=account, state=State.AWAITING_APPROVAL,
            author="redaction",
        )  # fmt: skip
        add(self.ledger, wanted)
        self.clock.advance(30)
        (found,) = self.queries.deliveries(post=post, account=account)
        return found

    def approve(self, delivery: Delivery, actor: str = "chef") -> Delivery:
        seen = {delivery.id: digest(delivery)}
        (done,) = self.approvals.approve([delivery.post], delivery.account, actor, seen)
        return done

    def told(self) -> dict[str, list[PersonalItem]]:
        """What everybody is told now, by name; each takes it."""
        found = {one.person.name: (one.service, items) for one, items in self.news.all_untold()}
        for service, _items in found.values():
            turn = self.news.claim(service)
            assert turn is not None
            self.news.told(service, turn, self.news.untold(service))
        self.clock.advance(61)
        return {name: items for name, (_service, items) in found.items()}

    def topics(self) -> dict[str, list[Topic]]:
        return {name: [item.topic for item in items] for name, items in self.told().items()}


@pytest.fixture
def room(database: Database, clock: ManualClock) -> Newsroom:
    return Newsroom(database, clock)


def test_a_waiting_post_is_told_once_to_those_who_may_approve_it(room: Newsroom) -> None:
    """Not to its author, to staff, nor to who has no right over its account."""
    delivery = room.queue()
    told = room.told()
    assert {*told} == {"direction", "chef"}
    (item,) = told["chef"]
    assert (item.topic, item.post, item.accounts) == (Topic.WAITS, "post.fr", ("bice-x",))
    assert item.due_at == delivery.due_at
    assert room.told() == {}


def test_a_mandate_says_who_is_told(room: Newsroom) -> None:
    room.queue(account="bice-page")
    assert {*room.told()} == {"chef"}


def test_another_organisations_post_is_told_there(room: Newsroom) -> None:
    room.queue(account="warsaw-x")
    assert {*room.told()} == {"kasia", "chef"}


def test_who_put_words_into_it_on_the_pages_is_not_asked_to_approve_it(room: Newsroom) -> None:
    edited(Edits(room.database, room.clock), "post.fr", "direction", Event.DRAFT_EDITED)
    room.queue()
    assert {*room.told()} == {"chef"}


def test_who_queued_it_knows(room: Newsroom) -> None:
    wanted = wish(room.clock, due_in=7200, state=State.AWAITING_APPROVAL, author="redaction")
    room.ledger.apply(add=[wanted], edit=(), cancel=(), pictures={}, actor="chef")
    room.clock.advance(30)
    assert {*room.told()} == {"direction"}
    room.clock.advance(3600)  # though not how time passes
    assert room.topics()["chef"] == [Topic.DUE]


def test_an_edit_of_a_post_that_waits_is_not_told_again_and_one_of_an_approved_post_is(
    room: Newsroom,
) -> None:
    def edit(delivery: Delivery, text: str) -> Delivery:
        wanted = wish(
            room.clock, due_in=7200, texts=(text,), state=State.AWAITING_APPROVAL,
            author="redaction",
        )  # fmt: skip
        room.ledger.apply(
            add=(), edit=[(delivery, wanted)], cancel=(), pictures={}, actor="redaction"
        )
        room.clock.advance(30)
        return room.queries.deliveries()[0]

    waiting = room.queue()
    room.told()
    edited = edit(waiting, "Un autre texte")
    assert room.told() == {}
    edit(room.approve(edited), "Encore un autre")
    assert {*room.told()} >= {"direction", "chef"}


def test_what_was_approved_before_anybody_was_told_is_not_told_to_wait(room: Newsroom) -> None:
    room.approve(room.queue())
    room.clock.advance(30)
    assert room.topics() == {"redaction": [Topic.APPROVED]}


def test_an_approval_that_is_taken_back_is_told_to_nobody(room: Newsroom) -> None:
    """Nor is the post told once more to those who knew that it waits."""
    delivery = room.queue()
    room.told()
    approved = room.approve(delivery)
    room.clock.advance(10)
    assert room.news.all_untold() == []  # it can still be taken back
    since = room.clock.now() - timedelta(seconds=60)
    Undo(room.database, room.clock, _rule).take_back({approved.id: approved.version}, "chef", since)
    room.clock.advance(60)
    assert room.told() == {}


def test_a_post_that_waits_and_is_due_within_the_hour_is_told_once_more(room: Newsroom) -> None:
    room.queue(due_in=7200)
    assert room.topics() == {"direction": [Topic.WAITS], "chef": [Topic.WAITS]}
    room.clock.advance(3600)
    assert room.topics() == {"direction": [Topic.DUE], "chef": [Topic.DUE]}
    assert room.told() == {}


def test_a_post_that_is_due_soon_when_it_comes_is_told_once(room: Newsroom) -> None:
    room.queue(due_in=1800)
    assert room.topics() == {"direction": [Topic.DUE], "chef": [Topic.DUE]}
    assert room.told() == {}


def test_that_it_is_due_may_be_all_that_somebody_wants(room: Newsroom) -> None:
    room.addresses.choose(room.people.find("direction"), [Topic.DUE])
    room.queue(due_in=7200)
    assert room.topics() == {"chef": [Topic.WAITS]}
    room.clock.advance(3600)
    assert room.topics()["direction"] == [Topic.DUE]


def test_authors_are_told_of_an_approval_with_who_gave_it(room: Newsroom) -> None:
    """Also who wrote on the pages, in one message for all accounts."""
    edited(Edits(room.database, room.clock), "post.fr", "stagiaire", Event.DRAFT_EDITED)
    one, two = room.queue(), room.queue(account="warsaw-x")
    room.told()
    for delivery in (one, two):
        room.approve(delivery)
    room.clock.advance(30)
    told = room.told()
    assert {*told} == {"redaction", "stagiaire"}
    (item,) = told["stagiaire"]
    assert (item.topic, item.by, item.accounts) == (
        Topic.APPROVED, "chef", ("bice-x", "warsaw-x"),
    )  # fmt: skip
    assert room.told() == {}


def test_an_author_is_told_what_was_sent_back(room: Newsroom) -> None:
    room.queue()
    room.told()
    room.approvals.reject(["post.fr"], None, "direction", "the figure is secret")
    room.clock.advance(30)
    told = room.told()
    assert {*told} == {"redaction"}
    (item,) = told["redaction"]
    assert (item.topic, item.by, item.state) == (Topic.REJECTED, "direction", None)
    assert "secret" not in repr(item)


def leave_in_doubt(mishaps: Mishaps) -> None:
    mishaps.leave_uncertain()
    mishaps.give_up_reading()


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (State.FAILED, Mishaps.fail),
        (State.MISSED, Mishaps.miss),
        (State.UNCERTAIN, leave_in_doubt),
    ],
)
def test_an_author_is_told_what_did_not_go_out(
    room: Newsroom, mishaps: Mishaps, state: State, act: Callable[[Mishaps], object]
) -> None:
    """At once: nobody can take it back. What ended as it should is told to nobody."""
    act(mishaps)
    told = room.told()
    assert {*told} == {"redaction"}
    (item,) = told["redaction"]
    assert (item.topic, item.state) == (Topic.TROUBLE, state)


def test_who_is_mentioned_is_told(room: Newsroom) -> None:
    """Each note by itself; who mentions themselves knows."""
    notes = Notes(room.database, room.clock)
    for text in ("@Direction, vois.", "Et @direction @kasia ?", "@chef, note à moi-même", "Bon."):
        notes.write("draft.fr", text, "chef")
    told = room.told()
    assert {*told} == {"direction", "kasia"}
    assert [(item.topic, item.post, item.by) for item in told["direction"]] == [
        (Topic.MENTIONED, "draft.fr", "chef")
    ] * 2
    assert "vois" not in repr(told)
    assert room.told() == {}


def test_nobody_is_told_what_they_did_not_choose(room: Newsroom) -> None:
    """What somebody chooses later is told from then on."""
    chef = room.people.find("chef")
    room.addresses.choose(chef, [Topic.MENTIONED])
    room.queue()
    assert {*room.told()} == {"direction"}
    room.addresses.choose(chef, [Topic.MENTIONED, Topic.WAITS])
    assert room.told() == {}
    room.queue("other.fr")
    assert {*room.told()} == {"direction", "chef"}


def test_a_new_address_is_told_what_happens_from_then_on(room: Newsroom) -> None:
    room.queue()
    room.told()
    room.addresses.add(room.people.find("chef"), "ntfys://ntfy.example.org/phone")
    assert room.told() == {}
    room.queue("other.fr")
    assert [a.person.name for a, _ in room.news.all_untold()].count("chef") == 2


def test_who_is_kept_out_is_told_nothing(room: Newsroom) -> None:
    room.people.disable(room.people.find("chef"), disabled=True)
    room.queue()
    assert {*room.told()} == {"direction"}


def test_nothing_is_left_of_who_is_removed(room: Newsroom) -> None:
    room.queue()
    room.told()
    room.people.remove("chef")
    (direction,) = (p for p in room.people.all() if p.name == "direction")
    (left,) = room.addresses.of(direction)
    with room.database.read() as connection:
        persons = set(connection.execute(select(notice_addresses.c.person)).scalars())
        assert persons == set(connection.execute(select(notice_topics.c.person)).scalars())
        assert (
            len(persons)
            == connection.execute(select(func.count()).select_from(notice_services)).scalar_one()
            == 4
        )
        assert set(connection.execute(select(notices.c.service)).scalars()) == {left.service}


@pytest.mark.each_database
def test_of_many_processes_one_tells(room: Newsroom, ledger_url: str, clock: ManualClock) -> None:
    """They look at the same instant, again and again."""
    with ExitStack() as stack:
        databases = [stack.enter_context(closing(Database(ledger_url))) for _ in range(4)]
        processes = [news_of(database, clock) for database in databases]
        (service,) = (one.service for one in room.addresses.all() if one.person.name == "direction")
        for number in range(8):
            room.queue(f"post-{number}.fr")
            clock.advance(61)
            barrier = threading.Barrier(4)
            taken: list[str] = []

            def tell(
                news: PersonalNews, at: threading.Barrier = barrier, said: list[str] = taken
            ) -> None:
                at.wait()
                turn = news.claim(service)
                if turn is not None:
                    items = news.untold(service)
                    said += [item.post for item in items]
                    news.told(service, turn, items)

            threads = [threading.Thread(target=tell, args=(one,)) for one in processes]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert taken == [f"post-{number}.fr"]


def test_a_hundred_posts_are_one_message(room: Newsroom) -> None:
    for number in range(100):
        add(room.ledger, wish(room.clock, f"post-{number}.fr", 7200, state=State.AWAITING_APPROVAL))
    room.clock.advance(30)
    assert len(room.told()["direction"]) == 100
    assert room.told() == {}


def test_the_news_of_one_are_found_without_those_of_all(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each message costs as much as there are people."""
    room.queue()
    looked_at: list[str] = []
    read = personal_queries.told_by

    def told_by(
        connection: Connection, addresses: Sequence[NoticeAddress], steps: Sequence[int]
    ) -> Mapping[str, set[int]]:
        looked_at.extend(one.person.name for one in addresses)
        return read(connection, addresses, steps)

    monkeypatch.setattr(personal_news, "told_by", told_by)
    services = {one.person.name: one.service for one in room.addresses.all()}
    (item,) = room.news.untold(services["chef"])
    assert item.topic is Topic.WAITS
    assert looked_at == ["chef"]
