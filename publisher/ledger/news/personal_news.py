"""News for single people: what waits for them, and what became of their posts.

As with the notices of services (see outbox.py), what is the case now is told, once to each address,
by the history step that began it: of a post that was approved in the meantime nobody is told that
it waits. What was just decided can be taken back for some seconds, so it is told after those.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from sqlalchemy import Connection, func, select

from publisher.base.clock import Clock
from publisher.base.text import same_person
from publisher.ledger.database import Database
from publisher.ledger.fault_isolation import apart, each
from publisher.ledger.manager.approvals import may_approve
from publisher.ledger.manager.authors import authors_of
from publisher.ledger.manager.commands import RuleOf
from publisher.ledger.manager.rights import Person, Rank, Rights
from publisher.ledger.news.notice_addresses import Addresses, NoticeAddress, Topic, due_service
from publisher.ledger.news.notice_turns import NoticeTurns
from publisher.ledger.news.outbox import OLDEST
from publisher.ledger.news.personal_queries import (
    Happening,
    approved,
    called,
    noted,
    told_by,
    troubles,
    waiting,
)
from publisher.ledger.tables import history
from publisher.model.states import State

_SOON = timedelta(hours=1)
_UNDONE = 20.0
"""Real seconds in which a decision may be taken back; it is told after them."""
_KEPT = 60.0  # real seconds for which the authors of a delivery are not read again
_ORDER = (
    Topic.COMMENTS, Topic.DUE, Topic.TROUBLE, Topic.WAITS, Topic.REJECTED, Topic.MENTIONED, Topic.APPROVED,
)  # fmt: skip
_TO_APPROVE = (Topic.WAITS, Topic.DUE)
OnDuty = Callable[[datetime], Collection[str]]
"""Returns the names of all who are on duty at an instant."""


def nobody(_at: datetime) -> Collection[str]:
    """The rota without any shift."""
    return ()


_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PersonalItem:
    """One thing to tell one person about one post. Nothing of its text."""

    topic: Topic
    post: str
    accounts: tuple[str, ...]
    """The accounts that it is about; empty for a note, which is about the post."""
    steps: tuple[int, ...]
    due_at: datetime | None = None
    """When the first of them goes out, or was to."""
    by: str | None = None
    """Who approved it, sent it back, or wrote the note."""
    state: State | None = None
    """FAILED, MISSED or UNCERTAIN, if that is the trouble."""
    is_partly_out: bool = False
    """Whether a part of it is out all the same."""


class PersonalNews(NoticeTurns):
    """Finds what people have not been told yet at their addresses."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rule_of: RuleOf,
        rights: Rights,
        on_duty: OnDuty = nobody,
    ) -> None:
        """`on_duty`: the names of all who are on duty for comments at an instant."""
        super().__init__(database, clock)
        self._on_duty = on_duty
        self._rule_of = rule_of
        self._rights = rights
        self._addresses = Addresses(database, clock)
        self._authors: dict[tuple[int, int], set[str]] = {}
        self._read_at = 0.0

    def newest(self) -> int:
        """The id of the newest step: without another one, there is little news."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(history.c.id))).scalar_one() or 0

    def all_untold(self) -> list[tuple[NoticeAddress, list[PersonalItem]]]:
        """What the people have not been told, by address; only addresses with news."""
        everybody = self._addresses.all()
        return self._untold(everybody, everybody)

    def untold(self, service: str) -> list[PersonalItem]:
        """What the person has not been told at the address of this name."""
        everybody = self._addresses.all()
        mine = [one for one in everybody if one.service == service]
        return next((items for _one, items in self._untold(mine, everybody)), [])

    def _untold(
        self, addresses: Sequence[NoticeAddress], everybody: Sequence[NoticeAddress]
    ) -> list[tuple[NoticeAddress, list[PersonalItem]]]:
        if not addresses:
            return []
        with self._database.read() as connection:
            since = min(_beginning(one, topic) for one in addresses for topic in one.topics)
            oldest = max(since, self._clock.now() - OLDEST)
            happenings = self._happenings(connection, oldest)
            told = told_by(connection, addresses, [one.step for one in happenings])

            def concerning(address: NoticeAddress) -> tuple[NoticeAddress, list[Happening]]:
                return address, [*self._concerning(address, happenings, told, everybody)]

            open_ones = [*each(concerning, addresses)]
            written_by = self._authors_of(
                connection, chain.from_iterable(found for _address, found in open_ones)
            )
        found = [
            (address, _grouped(_for(address.person, concerned, written_by)))
            for address, concerned in open_ones
        ]
        return [(address, items) for address, items in found if items]

    def told(self, service: str, turn: int, items: Sequence[PersonalItem]) -> None:
        """End a turn: the person was told all of this."""
        names = {Topic.DUE: (service, due_service(service))}
        rows = (
            (name, step)
            for item in items
            for name in names.get(item.topic, (service,))
            for step in item.steps
        )
        self.end(service, turn, rows)

    def _happenings(self, connection: Connection, since: datetime) -> list[Happening]:
        settled = self._clock.ahead(-_UNDONE)
        found = apart(
            connection,
            partial(waiting, connection, settled),
            partial(troubles, connection, since, settled),
            partial(approved, connection, since, settled),
            partial(noted, connection, since),
            partial(called, connection, since),
        )
        # Not in the queries: for the order SQLite would read the whole history.
        return sorted(found, key=lambda one: (one.due_at or one.at, one.step))

    def _concerning(
        self,
        address: NoticeAddress,
        happenings: Iterable[Happening],
        told: Mapping[str, set[int]],
        everybody: Sequence[NoticeAddress],
    ) -> Iterator[Happening]:
        """What may concern this person and is not told yet, each with the topic under which."""
        soon = self._clock.now() + _SOON
        known, known_due = told[address.service], told[due_service(address.service)]
        for one in happenings:
            is_due = one.topic is Topic.WAITS and one.due_at is not None and one.due_at <= soon
            if is_due and Topic.DUE in address.topics and one.step not in known_due:
                topic = Topic.DUE  # whenever it began to wait
            elif one.step not in known and one.at >= _beginning(address, one.topic):
                topic = one.topic
            else:
                continue
            # They know what they did themselves, but not how time passes.
            is_own = topic is not Topic.DUE and same_person(one.actor, address.person.name)
            if not is_own and self._may_concern(address.person, one, everybody):
                yield replace(one, topic=topic)

    def _may_concern(
        self, person: Person, one: Happening, everybody: Sequence[NoticeAddress]
    ) -> bool:
        """Whether it is for this person, as far as that does not depend on its authors."""
        if one.mentions:
            return any(same_person(name, person.name) for name in one.mentions)
        if one.topic is Topic.COMMENTS:
            return person.id in self._called(one, everybody)
        if one.topic is not Topic.WAITS:
            return True
        account = str(one.account)
        is_named = may_approve(person.name, self._rule_of(account))
        return is_named and self._rights.permits(person, Rank.MANAGER, [account])

    def _called(self, one: Happening, everybody: Sequence[NoticeAddress]) -> set[int]:
        """Who is told of a comment: whoever is on duty, else the managers of the account.

        Somebody on duty who has no address, or no right over the account, does not count: a name
        that is spelled wrong in the rota leaves no comment to nobody.
        """
        named, account, permits = self._on_duty(one.at), [str(one.account)], self._rights.permits
        able = [
            address.person
            for address in everybody
            if Topic.COMMENTS in address.topics and permits(address.person, Rank.STAFF, account)
        ]
        on_duty = {p.id for p in able if any(same_person(name, p.name) for name in named)}
        return on_duty or {p.id for p in able if permits(p, Rank.MANAGER, account)}

    def _authors_of(
        self, connection: Connection, found: Iterable[Happening]
    ) -> Mapping[tuple[int, int], set[str]]:
        """The authors of each delivery; those that were read a moment ago are not read again."""
        now = self._clock.monotonic()
        if now - self._read_at > _KEPT:
            self._authors, self._read_at = {}, now
        known = self._authors  # another thread may begin anew
        wanted = {one.delivery for one in found if one.delivery[0]} - known.keys()
        written_by = authors_of(connection, {key for key, _version in wanted})
        known |= {delivery: written_by[delivery[0]] for delivery in wanted}
        return known


def _for(
    person: Person,
    found: Iterable[Happening],
    written_by: Mapping[tuple[int, int], set[str]],
) -> Iterator[Happening]:
    """What is for this person: as an author, or to approve what others wrote."""
    for one in found:
        names = written_by.get(one.delivery, ())
        is_author = any(same_person(name, person.name) for name in names)
        told_to_all = one.topic in (Topic.MENTIONED, Topic.COMMENTS)
        if told_to_all or is_author is not (one.topic in _TO_APPROVE):
            yield one


def _beginning(address: NoticeAddress, topic: Topic) -> datetime:
    """The instant from which on a person is told of a topic; never, if they did not choose it."""
    chosen = address.topics.get(topic)
    return max(address.since, chosen) if chosen else _NEVER


def _grouped(happenings: Iterable[Happening]) -> list[PersonalItem]:
    """One item for all accounts of a post to which the same happened; what is urgent first."""
    groups: dict[tuple[Any, ...], list[Happening]] = {}
    for one in happenings:
        by = None if one.topic in (*_TO_APPROVE, Topic.TROUBLE) else one.actor
        apart = one.step if one.topic is Topic.MENTIONED else None
        groups.setdefault(
            (one.topic, one.post, by, one.state, one.is_partly_out, apart), []
        ).append(one)
    items = [
        PersonalItem(
            topic=topic,
            post=post,
            accounts=tuple(one.account for one in group if one.account),
            steps=tuple(one.step for one in group),
            due_at=min((one.due_at for one in group if one.due_at), default=None),
            by=by,
            state=state,
            is_partly_out=is_partly_out,
        )
        for (topic, post, by, state, is_partly_out, _apart), group in groups.items()
    ]
    return sorted(items, key=lambda item: _ORDER.index(item.topic))
