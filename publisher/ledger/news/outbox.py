"""Outbox of notices: what a person must be notified of, and which services have sent it.

A notice is sent for what is the case now: posts are late; an account is suspended; a delivery
failed, was missed, was rejected, is uncertain until a person decides, is out although a person
stopped it or because the platform made it public on its own, may still be out although a person
withdrew it, is held because it may not leave, or is due and kept back because its platform does not
take something in it for now.
Notices are also sent for a ledger that was set back, for keys that belong to another handle than
before or are not renewed, for who may approve now, and for a name with which very many log-ins
fail.
What was solved before any notice was sent is not sent. Each notice has the id of the history step
that began it: an account that is suspended again after it was resumed is another notice.
`notice_turns.py` lets each be sent once.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from publisher.base.clock import Clock
from publisher.base.stored_messages import told
from publisher.ledger.comments.comment_news import CommentNews, of_comments
from publisher.ledger.doubts.orphans import CLEARING
from publisher.ledger.fault_isolation import apart, each
from publisher.ledger.limits.suspensions import suspended_or_unproved
from publisher.ledger.news.notice_turns import NoticeTurns
from publisher.ledger.news.owner_news import KeysEnd, OwnerChange, of_ends, of_owners
from publisher.ledger.news.user_notices import PersonNews, of_people
from publisher.ledger.reading.set_backs import SetBack, set_backs
from publisher.ledger.rows import chunks
from publisher.ledger.tables import (
    EVERYTHING,
    about,
    accounts,
    deliveries,
    history,
    not_before,
    notice_services,
    notices,
)
from publisher.ledger.transitions import ACTOR
from publisher.model.content import Content
from publisher.model.events import Event
from publisher.model.outcomes import PASSING, Kind
from publisher.model.states import State
from publisher.model.visibility import Visibility

OLDEST = timedelta(days=7)
"""Older events are not sent, so that a service that is configured again does not send old ones."""
_LONG = timedelta(minutes=20)
"""A suspension that ends by itself is sent if it is longer: X's limits are reset after 15
minutes.
"""
_SAME = timedelta(minutes=1)
"""A suspension that begins so soon after another counts as the same one."""
_AHEAD = timedelta(minutes=1)
"""A delivery is prepared some seconds before its time."""
_AGAIN_WITHIN = 61.0  # real seconds; a deferred delivery is tried again within a minute
_LASTING = 60.0  # real seconds after which that is sent
_LOOKED_AT = 200  # steps of an account; a suspension is known by its first
# As in the partial index, which the planner does not find for bound values.
_IN_TROUBLE: ColumnElement[bool] = literal_column(
    "(deliveries.state IN ('failed', 'missed', 'uncertain', 'rejected')"
    " OR deliveries.pending_stop IS NOT NULL)"
)
_MAY_BE_LATE: ColumnElement[bool] = literal_column(
    "deliveries.state IN ('scheduled', 'publishing', 'uncertain')"
)
# As in the partial index for expiry.
_IS_HELD: ColumnElement[bool] = literal_column(
    "(deliveries.state IN ('scheduled', 'awaiting-approval', 'held', 'rejected')"
    " AND deliveries.state = 'held')"
)
_ON_ITS_OWN = (State.SCHEDULED, State.FAILED, State.MISSED)
"""Values of `pending_stop` for a delivery that no one stopped, and that the platform made public on
its own.
"""
_Begun = Row[int, datetime, str, str]
"""`id`, `at`, `event` and `detail` of a step."""


@dataclass(frozen=True, slots=True)
class StuckDelivery:
    """A delivery that needs a person. Nothing of its text, which may be under embargo."""

    step: int
    post: str
    account: str
    state: State
    """FAILED, MISSED, UNCERTAIN or REJECTED; HELD when a worker held it as it was to leave;
    PUBLISHED when it was stopped too late, or the platform made it public on its own; SCHEDULED
    when it is kept back.
    """
    due_at: datetime
    parts_out: int
    parts: int
    kind: str | None
    message: str | None
    is_withdrawn: bool = False
    """A person withdrew it, and a part of it may still be out."""
    is_stopped: bool = True
    """For one that is out: whether a person had stopped it."""
    author: str | None = None
    """For one that was rejected."""
    out_since: datetime | None = None

    @property
    def visibility(self) -> Visibility:
        """What the public sees of it."""
        return Visibility(
            self.state,
            self.parts,
            self.parts_out,
            self.out_since,
            is_being_withdrawn=self.is_withdrawn,
        )


@dataclass(frozen=True, slots=True)
class SuspendedAccount:
    """An account suspended by its platform, and those that are suspended with it."""

    step: int
    account: str
    message: str
    until: datetime | None
    """None: until a person acts."""
    waiting: int
    """How many deliveries of these accounts are scheduled."""
    next_due: datetime | None
    others: tuple[int, ...] = ()
    """The steps of other accounts that are suspended because the same app's limit is used up."""
    is_tried: bool = False
    """Whether it is tried again at `until`, which the platform did not name."""


@dataclass(frozen=True, slots=True)
class LatePosts:
    """Posts that are late, or were and are out."""

    step: int
    message: str
    """How many are late, since when, and why."""
    is_over: bool
    ending: str
    """The situation now, if it is over."""
    others: tuple[int, ...] = ()
    """The step of the beginning, if this one is the end."""


@dataclass(frozen=True, slots=True)
class AccountGoesOn:
    """An account that publishes again, after a notice that it was suspended."""

    step: int
    account: str


_Groups = SuspendedAccount | LatePosts
_OfKeys = OwnerChange | KeysEnd
Item = SetBack | StuckDelivery | _Groups | AccountGoesOn | _OfKeys | PersonNews | CommentNews


class News(NoticeTurns):
    """Finds what a service has not sent yet."""

    def untold(self, service: str) -> list[Item]:
        """What this service has not sent yet, set-backs and comments first, then late posts."""
        with self._database.read() as connection:
            query = select(notice_services.c.since).where(notice_services.c.service == service)
            begun = connection.execute(query).scalar_one_or_none()
            if begun is None:  # a ledger that was set back may lack it: see `begin`
                return []
            since = max(begun, self._clock.now() - OLDEST)
            is_told = exists().where(notices.c.service == service, notices.c.step == history.c.id)
            is_news = and_(history.c.at >= since, ~is_told)
            return apart(
                connection,
                partial(set_backs, connection, since, is_news),
                partial(of_comments, connection, is_news),
                partial(_late, connection, is_news),
                partial(self._suspended, connection, is_news),
                partial(_going_on, connection, service, since),
                partial(of_owners, connection, is_news),
                partial(of_ends, connection, is_news),
                partial(_stuck, connection, is_news),
                partial(_held, connection, is_news),
                partial(_still_out, connection, is_news),
                partial(_kept_back, connection, is_news, self._clock),
                partial(of_people, connection, is_news),
            )

    def _suspended(
        self, connection: Connection, is_news: ColumnElement[bool]
    ) -> Iterator[SuspendedAccount]:
        now = self._clock.now()
        query = select(accounts).where(suspended_or_unproved(now), accounts.c.account != EVERYTHING)

        def suspension(rows: Sequence[Row[Any]]) -> SuspendedAccount | None:
            row, *others = rows
            begun = _beginning(connection, row)
            if begun is None or not _is_told(row, begun.at):
                return None
            if not connection.execute(select(1).where(history.c.id == begun.id, is_news)).first():
                return None
            waiting, next_due = _schedule_of(connection, rows)
            return SuspendedAccount(
                step=begun.id,
                account=row.account,
                message=told(row.suspension_message) or "",
                until=row.suspended_until,
                waiting=waiting,
                next_due=next_due,
                others=_suspended_since(connection, begun.at, others),
                is_tried=row.suspended_times is not None,
            )

        yield from each(suspension, _together(connection.execute(query).all()))

    def told(self, service: str, turn: int, items: Sequence[Item]) -> None:
        """End a turn: the service took all of this."""
        steps = (
            step
            for item in items
            for step in (item.step, *(item.others if isinstance(item, _Groups) else ()))
        )
        self.end(service, turn, ((service, step) for step in steps))


def _late(connection: Connection, is_news: ColumnElement[bool]) -> Iterator[LatePosts]:
    """The notice that posts are late, or its end; each is sent once."""
    query = (
        select(history.c.id, history.c.event, history.c.detail, is_news.label("is_news"))
        .where(about(EVERYTHING), history.c.event.in_((Event.LATE, Event.ON_TIME_AGAIN)))
        .order_by(history.c.seq.desc())
        .limit(2)
    )
    found = connection.execute(query).all()
    if not found or not found[0].is_news:
        return
    last, *before = found
    is_over = last.event == Event.ON_TIME_AGAIN
    shown = before[0] if is_over and before else last
    yield LatePosts(
        step=last.id,
        message=told(json.loads(shown.detail)["message"]) or "",
        ending=(told(json.loads(last.detail)["message"]) or "") if is_over else "",
        is_over=is_over,
        others=tuple(one.id for one in before) if is_over else (),
    )


def stuck(is_news: ColumnElement[bool]) -> Select[Any]:
    """Deliveries that failed, were missed or rejected, are uncertain, or were stopped too late.

    With the id of the step that is to be told, as `step`.
    """
    uncertain = deliveries.c.state == State.UNCERTAIN
    # Not if a person did something about it since it ended.
    has_just_ended = history.c.source != history.c.target
    too_late = and_(deliveries.c.state == State.PUBLISHED, deliveries.c.pending_stop.is_not(None))
    ended = or_(deliveries.c.state.in_([State.FAILED, State.MISSED, State.REJECTED]), too_late)
    return (
        select(deliveries, history.c.id.label("step"))
        .join_from(deliveries, history, _newest())
        .where(
            _IN_TROUBLE,
            or_(
                and_(uncertain, deliveries.c.settled_at.is_(None)),
                and_(ended, has_just_ended),
            ),
            is_news,
        )
    )


def _stuck(connection: Connection, is_news: ColumnElement[bool]) -> Iterator[StuckDelivery]:
    # Not in the query: for the order SQLite would read the whole history.
    rows = sorted(connection.execute(stuck(is_news)), key=lambda row: row.step)
    yield from each(lambda row: _stuck_delivery(row, row.step), rows)


def _newest() -> ColumnElement[bool]:
    """The newest step of a delivery, but for the cleanup of its orphans: no person did that."""
    later = history.alias()
    seq = (
        select(func.max(later.c.seq))
        .where(later.c.delivery == deliveries.c.id, later.c.event.not_in(CLEARING))
        .scalar_subquery()
    )
    return and_(history.c.delivery == deliveries.c.id, history.c.seq == seq)


def _held(connection: Connection, is_news: ColumnElement[bool]) -> Iterator[StuckDelivery]:
    """Those that a worker held as they were to leave: nobody else knows that they do not go out."""
    query = (
        select(deliveries, history.c.id.label("step"))
        .join_from(deliveries, history, _newest())
        .where(
            _IS_HELD,
            deliveries.c.manual_hold.is_(None),
            history.c.event == Event.HELD,
            history.c.actor == ACTOR,
            is_news,
        )
    )
    rows = sorted(connection.execute(query), key=lambda row: row.step)
    yield from each(lambda row: _stuck_delivery(row, row.step), rows)


def _still_out(connection: Connection, is_news: ColumnElement[bool]) -> Iterator[StuckDelivery]:
    """Withdrawals that failed. Publisher tries again; further failures are not sent.

    Except the first after which the post was read as public: it is to be deleted by hand now.
    """
    query = select(deliveries).where(deliveries.c.withdraw_at.is_not(None)).order_by("id")

    def still_out(row: Row[Any]) -> StuckDelivery | None:
        steps = (
            select(history.c.id, history.c.event, history.c.detail, is_news.label("is_news"))
            .where(
                history.c.delivery == row.id,
                history.c.event.in_(
                    [Event.WITHDRAWING, Event.NOT_WITHDRAWN, Event.NOT_WITHDRAWN_YET]
                ),
            )
            .order_by(history.c.seq.desc())
        )
        tries = takewhile(
            lambda step: step.event != Event.WITHDRAWING, connection.execute(steps).all()
        )
        failures = [(step, json.loads(step.detail)) for step in tries][::-1]
        seen = [one for one in failures if one[1].get("still_out")]
        first, detail = next(iter(seen or failures), (None, {"message": ""}))
        if first is None or not first.is_news:
            return None
        item = _stuck_delivery(row, first.id, is_withdrawn=True)
        return replace(item, message=told(detail["message"])) if seen else item

    yield from each(still_out, connection.execute(query).all())


def kept_back(clock: Clock) -> ColumnElement[bool]:
    """Deliveries that are due, and wait alone, while others of their account go out.

    For example, the platform does not take an alternative text in which nothing is wrong, or no
    more pictures. What waits with its account is told with it.
    """
    now = clock.now()
    with_account = exists().where(
        accounts.c.account == deliveries.c.account,
        accounts.c.suspended_until >= deliveries.c.next_check_at,
    )
    is_long = and_(deliveries.c.error_kind.in_(PASSING), not_before <= now - _LONG)
    return and_(
        _MAY_BE_LATE,
        deliveries.c.due_at <= clock.ahead(_AGAIN_WITHIN),
        literal_column("deliveries.state = 'scheduled'"),
        or_(
            and_(
                deliveries.c.error_kind == Kind.CONTENT,
                deliveries.c.next_check_at <= clock.ahead(_AGAIN_WITHIN),
            ),
            and_(
                or_(deliveries.c.error_kind == Kind.PERMISSION, is_long),
                deliveries.c.next_check_at > now,
                ~with_account,
            ),
        ),
    )


def _kept_back(
    connection: Connection, is_news: ColumnElement[bool], clock: Clock
) -> Iterator[StuckDelivery]:
    """Those for which that has lasted a minute; further tries are not sent."""
    query = select(deliveries).where(kept_back(clock)).order_by("id")

    def kept(row: Row[Any]) -> StuckDelivery | None:
        tries = select(history.c.id, history.c.at, is_news.label("is_news")).where(
            history.c.delivery == row.id,
            history.c.event == Event.DEFERRED,
            history.c.at >= row.due_at - _AHEAD,
        )
        first = connection.execute(tries.order_by(history.c.seq).limit(1)).first()
        is_lasting = first is not None and first.is_news and first.at <= clock.ahead(-_LASTING)
        return _stuck_delivery(row, first.id) if first is not None and is_lasting else None

    yield from each(kept, connection.execute(query).all())


def _stuck_delivery(row: Any, step: int, *, is_withdrawn: bool = False) -> StuckDelivery:
    is_held = row.state == State.HELD  # it may have another error from a try before
    return StuckDelivery(
        step=step,
        post=row.post,
        account=row.account,
        state=State(row.state),
        due_at=row.due_at,
        parts_out=len(json.loads(row.remote_ids)),
        parts=len(Content.model_validate_json(row.content).parts),
        kind=None if is_held else row.error_kind,
        message=told(row.reason if is_held else row.error_message),
        author=row.author or row.queued_by,
        out_since=row.published_at,
        is_withdrawn=is_withdrawn,
        is_stopped=row.pending_stop not in _ON_ITS_OWN,
    )


def _going_on(connection: Connection, service: str, since: datetime) -> Iterator[AccountGoesOn]:
    """Accounts that publish again, after this service sent that they were suspended."""
    # `suspended_until` stays after a suspension; few accounts were ever suspended.
    lifted = select(accounts.c.account).where(
        accounts.c.suspended_at.is_(None), accounts.c.suspended_until >= since - OLDEST
    )
    for name in connection.execute(lifted.order_by(accounts.c.account)).scalars().all():
        query = (
            select(history.c.id, history.c.at, history.c.event)
            .where(about(name))
            .order_by(history.c.seq.desc())
        )
        steps = connection.execute(query.limit(_LOOKED_AT)).all()
        if not steps or steps[0].event != Event.ACCOUNT_GOES_ON or steps[0].at < since:
            continue
        newest, *before = steps
        begun = takewhile(
            lambda step: step.event not in (Event.RESUMED, Event.ACCOUNT_GOES_ON), before
        )
        told = select(notices.c.step).where(
            notices.c.service == service,
            notices.c.step.in_([newest.id, *(step.id for step in begun)]),
        )
        known = set(connection.execute(told).scalars())
        if known and newest.id not in known:
            yield AccountGoesOn(newest.id, name)


def _together(rows: Sequence[Row[Any]]) -> Iterable[Sequence[Row[Any]]]:
    """Rows of suspended accounts, grouped by the app whose limit is used up.

    The notice names the first of a group. It has been suspended for longest, so an account that
    comes later does not cause another notice.
    """
    found: dict[object, list[Row[Any]]] = {}
    for row in sorted(rows, key=lambda row: (row.suspended_at, row.account)):
        of_app = row.suspension_kind == Kind.APP_LIMIT
        found.setdefault((row.suspended_until if of_app else row.account), []).append(row)
    return sorted(found.values(), key=lambda rows: rows[0].account)


def _beginning(connection: Connection, row: Row[Any]) -> _Begun | None:
    """The step with which the current suspension of an account began.

    Each refused request records the suspension again, and one may follow another at once.
    """
    for_a_person = row.suspended_until is None
    is_one = row.suspended_times is not None  # whatever its ends, until it is proved to be over
    query = (
        select(history.c.id, history.c.at, history.c.event, history.c.detail)
        .where(about(row.account))
        .order_by(history.c.seq.desc())
    )
    begun: _Begun | None = None
    with connection.execute(query.execution_options(yield_per=50)) as steps:
        for step in steps:
            if step.event in (Event.RESUMED, Event.ACCOUNT_GOES_ON):
                break
            if step.event != Event.ACCOUNT_SUSPENDED:
                continue
            if is_one and step.at < row.suspended_at:
                break
            until = json.loads(step.detail)["until"]
            if (until is None) is not for_a_person:
                continue
            ended = until and datetime.fromisoformat(until) + _SAME
            if begun and ended and not is_one and ended < begun.at:
                break
            begun = step
    return begun


def _is_told(row: Row[Any], begun_at: datetime) -> bool:
    """Whether a notice is sent for a suspension: at once, unless it ends by itself soon."""
    calls = row.suspended_times is not None and row.suspension_kind not in PASSING
    return calls or row.suspended_until is None or row.suspended_until - begun_at > _LONG


def _suspended_since(
    connection: Connection, since: datetime, rows: Sequence[Row[Any]]
) -> tuple[int, ...]:
    """The newest step since then with which each of these accounts was suspended."""
    found: list[int] = []
    for names in chunks([row.account for row in rows]):
        query = select(func.max(history.c.id)).where(
            history.c.delivery.is_(None),
            history.c.account.in_(names),
            history.c.event == Event.ACCOUNT_SUSPENDED,
            history.c.at >= since,
        )
        found += connection.execute(query.group_by(history.c.account)).scalars()
    return tuple(found)


def _schedule_of(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[int, datetime | None]:
    """How many deliveries of these accounts are scheduled, and when the first is due."""
    names = {row.account for row in rows}
    columns = deliveries.c.account, func.count(), func.min(deliveries.c.due_at)
    query = select(*columns).where(deliveries.c.state == State.SCHEDULED)
    if len(names) == 1:
        query = query.where(deliveries.c.account.in_(names))
    found = [one for one in connection.execute(query.group_by(columns[0])) if one[0] in names]
    return sum(count for _name, count, _due in found), min((due for *_, due in found), default=None)
