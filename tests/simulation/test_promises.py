"""What is measured after a set-back that lost what people did: what the ledger does say is true."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import text

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.marks import Watermark
from publisher.ledger.reading.queries import Queries
from publisher.model.outcomes import Accepted, Kind, Outcome, Refused
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.simulation.platform import PublicPost
from tests.support.simulation.promises import untrue
from tests.support.simulation.stage import Stage
from tests.support.wishes import add, wish

SAID = "Le texte de post.fr"


@pytest.fixture
def went(database: Database, ledger: Ledger, clock: ManualClock) -> "Went":
    return Went(database, ledger, clock)


class Went:
    """One post, and what came of it."""

    def __init__(self, database: Database, ledger: Ledger, clock: ManualClock) -> None:
        self._database, self._ledger, self._clock = database, ledger, clock

    def out(self, outcome: Outcome) -> None:
        clock = self._clock
        add(self._ledger, wish(clock, due_in=0))
        (claim,) = Dispatch(self._database, clock, settle=60).claim(clock.now(), clock.ahead(30), 1)
        attempts = OneByOne(self._database, clock, settle=60)
        taken = attempts.take(claim)
        assert taken
        intended = attempts.intend(taken, clock.now(), clock.ahead(30))
        assert intended
        attempts.record(intended, outcome, clock.ahead(30))

    def back(self) -> None:
        """The ledger lacks something, whatever it was."""
        now = self._clock.now()
        lost = Watermark(delivery=None, account="*", seq=99, hash="0" * 64, at=now)
        self._database.face(lost, now)
        self._clock.advance(60)

    def untrue(self, *public: PublicPost) -> list[str]:
        platform = SimpleNamespace(public=public, ever_public=public)
        said = SimpleNamespace(is_rewritten=True)
        stage = SimpleNamespace(
            platform=platform,
            persons=SimpleNamespace(said=said),
            database=SimpleNamespace(peek=self._peek),
        )
        return untrue(cast("Stage", stage), Queries(self._database, self._clock).deliveries())

    def _peek(self, query: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
        with self._database.read() as connection:
            return tuple(connection.execute(text(query), values).one())


def post(key: str = "71", *, is_deleted: bool = False, asked: bool = False) -> PublicPost:
    return PublicPost(key, "bice-x", SAID, None, 0.0, is_deleted=is_deleted, withdrawal_asked=asked)


def test_what_it_names_is_out(went: Went) -> None:
    went.back()
    went.out(Accepted("71"))
    assert went.untrue(post()) == []
    assert "never was out" in str(went.untrue())
    assert "not out any more" in str(went.untrue(post(is_deleted=True)))
    assert went.untrue(post(is_deleted=True, asked=True)) == [], "in the time that is lost"


def test_what_has_failed_since_is_not_out(went: Went) -> None:
    went.back()
    went.out(Refused(Kind.CONTENT, "Too long."))
    assert went.untrue() == []
    assert "has failed, and 71 is out" in str(went.untrue(post()))


def test_what_had_failed_before_may_have_been_retried(went: Went) -> None:
    went.out(Refused(Kind.CONTENT, "Too long."))
    went.back()
    assert went.untrue(post()) == []
