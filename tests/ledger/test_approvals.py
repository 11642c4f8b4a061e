"""Approval: bound to the exact content, account and time, and not given by the author."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from publisher.base.errors import NotPossible
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.pending_stops import GONE
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.approvals import Approvals, digest, is_approved
from publisher.ledger.manager.draft_edits import Edits
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import deliveries
from publisher.model.accounts import ApprovalRule
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Delivery, Wish
from publisher.model.events import Event
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.draft_edits import edited
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.model.content")

_ASKED = ApprovalRule(required=True)


@pytest.fixture
def approvals(database: Database, clock: ManualClock) -> Approvals:
    return Approvals(database, clock, lambda _account: _ASKED)


@pytest.fixture
def waiting(ledger: Ledger, queries: Queries, clock: ManualClock) -> Delivery:
    add(ledger, wish(clock, state=State.AWAITING_APPROVAL, author="redaction"))
    return only(queries)


def only(queries: Queries) -> Delivery:
    (found,) = queries.deliveries()
    return found


def approve(approvals: Approvals, delivery: Delivery, actor: str = "direction") -> Delivery:
    seen = {delivery.id: digest(delivery)}
    (approved,) = approvals.approve([delivery.post], None, actor, seen)
    return approved


def test_an_approval_names_who_and_when_and_lets_the_post_go_out(
    approvals: Approvals, waiting: Delivery, clock: ManualClock
) -> None:
    approved = approve(approvals, waiting)
    assert approved.state is State.SCHEDULED
    assert (approved.approved_by, approved.approved_at) == ("direction", clock.now())


def test_a_post_without_approval_is_not_claimed(
    waiting: Delivery, dispatch: Dispatch, clock: ManualClock
) -> None:
    clock.advance(120)
    assert dispatch.claim(clock.ahead(2), clock.ahead(30), 10) == []


@pytest.mark.parametrize("author", ["redaction", "Redaction ", "REDACTION", "\uff52edaction"])
def test_its_author_cannot_approve_it(
    approvals: Approvals, waiting: Delivery, queries: Queries, author: str
) -> None:
    with pytest.raises(NotPossible, match="authors cannot"):
        approve(approvals, waiting, author)
    assert only(queries).state is State.AWAITING_APPROVAL


def test_a_name_is_one_name_however_unicode_spells_it(
    approvals: Approvals, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, state=State.AWAITING_APPROVAL, author="jose\u0301"))
    with pytest.raises(NotPossible, match="authors cannot"):
        approve(approvals, only(queries), "jos\u00e9")


def queue_again(ledger: Ledger, delivery: Delivery, edited: Wish, actor: str) -> None:
    ledger.apply(add=(), edit=[(delivery, edited)], cancel=(), pictures={}, actor=actor)


def refuses(approvals: Approvals, delivery: Delivery, actor: str) -> bool:
    try:
        approve(approvals, delivery, actor)
    except NotPossible as refusal:
        return "authors cannot" in str(refusal)
    return False


@pytest.fixture
def unsigned(ledger: Ledger, queries: Queries, clock: ManualClock) -> Delivery:
    """A draft that names no author, queued by redaction."""
    add(ledger, wish(clock, state=State.AWAITING_APPROVAL))
    return only(queries)


def test_who_only_moves_a_post_does_not_become_its_author(
    approvals: Approvals, unsigned: Delivery, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    moved = wish(clock, due_in=90, state=State.AWAITING_APPROVAL)
    queue_again(ledger, unsigned, moved, "secretariat")
    assert (only(queries).written_by, only(queries).queued_by) == ("redaction", "secretariat")
    assert refuses(approvals, only(queries), "redaction")
    assert approve(approvals, only(queries), "secretariat").state is State.SCHEDULED


def test_all_who_queued_words_that_nobody_signed_are_authors(
    approvals: Approvals, unsigned: Delivery, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    """Whatever the draft says of its author later, and whoever moves it then."""
    reworded = wish(clock, texts=("Autre texte",), state=State.AWAITING_APPROVAL)
    queue_again(ledger, unsigned, reworded, "secretariat")
    signed = reworded.model_copy(update={"author": "stagiaire"})
    queue_again(ledger, only(queries), signed, "coordination")
    for author in ("redaction", "secretariat", "stagiaire"):
        assert refuses(approvals, only(queries), author)
    assert approve(approvals, only(queries), "coordination").state is State.SCHEDULED


def test_an_author_stays_one_for_an_account_that_somebody_else_adds(
    approvals: Approvals, unsigned: Delivery, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    more = wish(clock, account="bice-page", channel="facebook", state=State.AWAITING_APPROVAL)
    ledger.apply(add=[more], edit=(), cancel=(), pictures={}, actor="secretariat")
    (added,) = queries.deliveries(account="bice-page")
    with pytest.raises(NotPossible, match="authors cannot"):
        approvals.approve([added.post], "bice-page", "redaction", {added.id: digest(added)})


def test_an_author_stays_one_when_the_file_gets_another_name(
    database: Database,
    approvals: Approvals,
    unsigned: Delivery,
    ledger: Ledger,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """Also who wrote it on the web pages."""
    edited(Edits(database, clock), unsigned.post, "stagiaire", Event.DRAFT_EDITED)
    renamed = wish(clock, "renamed.fr", state=State.AWAITING_APPROVAL, content=unsigned.content)
    ledger.apply(
        add=[renamed], edit=(), cancel=[(unsigned, GONE)], pictures={}, actor="secretariat"
    )
    (delivery,) = queries.deliveries(post="renamed.fr")
    for author in ("redaction", "stagiaire", "secretariat"):
        assert refuses(approvals, delivery, author)
    assert approve(approvals, delivery).state is State.SCHEDULED


def test_what_was_edited_after_somebody_looked_cannot_be_approved(
    approvals: Approvals, waiting: Delivery, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    edited = wish(clock, texts=("Autre texte",), state=State.AWAITING_APPROVAL)
    ledger.apply(add=(), edit=[(waiting, edited)], cancel=(), pictures={}, actor="redaction")
    with pytest.raises(NotPossible, match="not what you looked at"):
        approve(approvals, waiting)
    assert only(queries).approved_by is None


@pytest.mark.parametrize(
    "change",
    [
        {"texts": ("Un autre texte",)},
        {"due_in": 61},
        {"expires_at": None},
        {"embargo_until": "later"},
    ],
    ids=["text", "time", "expiry", "embargo"],
)
def test_any_edit_makes_an_approval_void(
    approvals: Approvals,
    waiting: Delivery,
    ledger: Ledger,
    queries: Queries,
    clock: ManualClock,
    change: dict[str, object],
) -> None:
    approved = approve(approvals, waiting)
    if "embargo_until" in change:
        change = {"embargo_until": clock.now() + timedelta(seconds=90)}
    edited = wish(clock, **{"state": State.AWAITING_APPROVAL, **change})  # type: ignore[arg-type]
    ledger.apply(add=(), edit=[(approved, edited)], cancel=(), pictures={}, actor="redaction")
    after = only(queries)
    assert (after.state, after.approved_by) == (State.AWAITING_APPROVAL, None)
    assert (after.approved_at, after.approved_digest) == (None, None)


def test_the_digest_covers_everything_that_the_public_gets(waiting: Delivery) -> None:
    picture = Picture(
        digest="a" * 64, media_type="image/png", width=1, height=1, alt="Une salle", name="a.png"
    )
    part = waiting.content.parts[0]
    with_picture = part.model_copy(update={"pictures": (picture,)})

    def of(**columns: object) -> str:
        return digest(waiting.model_copy(update=columns))

    def showing(**change: object) -> str:
        changed = picture.model_copy(update=change)
        return of(content=Content(parts=(part.model_copy(update={"pictures": (changed,)}),)))

    digests = [
        of(),
        of(account="lima-x"),
        of(due_at=waiting.due_at + timedelta(microseconds=1)),
        of(embargo_until=waiting.due_at),
        of(expires_at=None),
        of(content=Content(parts=(Part(text="Autre"),))),
        of(content=waiting.content.model_copy(update={"link": "https://www.example.org/"})),
        of(content=Content(parts=(with_picture,))),
        showing(alt="Une cour"),
        showing(digest="b" * 64),
    ]
    assert len(set(digests)) == len(digests)
    assert of(version=99, attempts=3) == of(), "what happens to it is no edit"


def test_a_mandate_says_who_may_approve(
    database: Database, waiting: Delivery, clock: ManualClock
) -> None:
    rule = ApprovalRule(required=True, approvers=("Direction", "coordination"))
    approvals = Approvals(database, clock, lambda _account: rule)
    with pytest.raises(NotPossible, match="may not approve"):
        approve(approvals, waiting, "stagiaire")
    assert approve(approvals, waiting, "direction").state is State.SCHEDULED


def test_a_rejected_post_says_why_and_waits_until_it_is_edited_or_approved(
    approvals: Approvals, waiting: Delivery
) -> None:
    approve(approvals, waiting)
    (rejected,) = approvals.reject(["post.fr"], None, "direction", "le chiffre est faux")
    assert (rejected.state, rejected.approved_by) == (State.REJECTED, None)
    assert rejected.reason == "rejected by direction: le chiffre est faux"
    assert approve(approvals, rejected).reason is None


def test_approving_several_posts_is_all_or_nothing(
    approvals: Approvals, waiting: Delivery, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "own.fr", state=State.AWAITING_APPROVAL, author="direction"))
    seen = {delivery.id: digest(delivery) for delivery in approvals.waiting()}
    with pytest.raises(NotPossible, match=r"own\.fr"):
        approvals.approve(["post.fr", "own.fr"], None, "direction", seen)
    assert queries.counts() == {State.AWAITING_APPROVAL: 2}


def test_nothing_leaves_whose_approval_is_not_for_what_the_ledger_holds(
    database: Database,
    approvals: Approvals,
    waiting: Delivery,
    dispatch: Dispatch,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The last look before the request is at the digest, whoever changed the row."""
    approve(approvals, waiting)
    other = Content(parts=(Part(text="Un texte que personne n'a vu"),))
    with database.write() as connection:
        connection.execute(update(deliveries).values(content=other.model_dump_json()))
    clock.advance(60)
    attempts = OneByOne(database, clock, 60, lambda _account: _ASKED)
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery
    assert attempts.intend(delivery, clock.now(), clock.ahead(30)) is None
    after = only(queries)
    assert (after.state, after.approved_by) == (State.AWAITING_APPROVAL, None)


def test_an_approval_counts_no_more_once_the_mandate_names_others(
    approvals: Approvals,
    waiting: Delivery,
) -> None:
    approved = approve(approvals, waiting)
    assert is_approved(approved, _ASKED)
    assert not is_approved(approved, ApprovalRule(required=True, approvers=("coordination",)))


def test_nothing_leaves_outside_its_accounts_mandate(
    database: Database, ledger: Ledger, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    """Also what was scheduled before the mandate was taken away; the reason is on record."""
    add(ledger, wish(clock, due_in=0))
    breach = "Nobody may post as lima-x."
    attempts = OneByOne(
        database, clock, 60, breach_of=lambda _connection, _delivery, _not_before: breach
    )
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery
    assert attempts.intend(delivery, clock.now(), clock.ahead(30)) is None
    assert (only(queries).state, only(queries).reason) == (State.HELD, breach)


def test_nothing_leaves_unapproved_once_its_account_asks_for_it(
    database: Database, ledger: Ledger, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    """Also what was scheduled before the setting was changed."""
    add(ledger, wish(clock, due_in=0))
    attempts = OneByOne(database, clock, 60, lambda _account: _ASKED)
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery
    assert attempts.intend(delivery, clock.now(), clock.ahead(30)) is None
    assert only(queries).state is State.AWAITING_APPROVAL


def test_an_approval_outlives_a_failure_that_somebody_retries(
    database: Database,
    approvals: Approvals,
    waiting: Delivery,
    control: Control,
    clock: ManualClock,
) -> None:
    approve(approvals, waiting)
    control.cancel("post.fr", None, "direction", "a moment")
    (again,) = Control(database, clock, lambda _account: _ASKED).retry("post.fr", None, "direction")
    assert (again.state, again.approved_by) == (State.SCHEDULED, "direction")
