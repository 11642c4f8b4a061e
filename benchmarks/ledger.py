"""A ledger with many deliveries and their histories, for the other benchmarks.

`fill` writes through the ledger itself: posts of four languages to four accounts each, over a year
that is nearly past. Most are out; some failed, were missed, cancelled or withdrawn, are in doubt,
held, or wait for an approval; the newest are to come.

`fill_with_comments` writes what readers said below the posts that are out.

`fill_in_bulk` writes millions that are alike, past the ledger's checks and ten times as fast. What
it writes is what the ledger would have written: chained steps, digests, words to search by.
"""

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, Table, select, text

from publisher.app import Application
from publisher.ledger.integrity import hash_chain
from publisher.ledger.reading import search_index
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import (
    EVERYTHING,
    accounts,
    deliveries,
    history,
    microseconds,
    reader_comments,
)
from publisher.ledger.transitions import ACTOR, By, change
from publisher.model.alarms import CALLED
from publisher.model.content import Content, Part
from publisher.model.deliveries import Delivery, Prepared, Wish
from publisher.model.events import Event
from publisher.model.outcomes import Kind
from publisher.model.reader_comments import CommentState
from publisher.model.states import Role, State

TEXTS = {
    "fr": "La séance d'aujourd'hui porte sur la protection des enfants en ligne. Nous sommes quatre "
    "organisations, de quatre pays, à le dire ensemble : les droits de l'enfant ne s'arrêtent "
    "pas à l'écran. #DroitsDeLEnfant #HRC31",
    "es": "La sesión de hoy trata de la protección de los niños en línea. Somos cuatro "
    "organizaciones, de cuatro países, y lo decimos juntos: los derechos de la niñez no se "
    "detienen ante la pantalla. #DerechosDelNiño #HRC31",
    "pl": "Dzisiejsza sesja dotyczy ochrony dzieci w internecie. Jesteśmy czterema organizacjami z "
    "czterech krajów i mówimy to razem: prawa dziecka nie kończą się na ekranie. "
    "#PrawaDziecka #HRC31",
    "en": "Today's session is about the protection of children online. We are four organisations "
    "from four countries, and we say it together: the rights of the child do not end at the "
    "screen. #ChildRights #HRC31",
}
CITIES = (
    "Abidjan",
    "Łódź",
    "Cusco",
    "Genève",
    "Bouaké",
    "Kraków",
    "Arequipa",
    "Gdańsk",
    "Lausanne",
)
CHANNELS = ("twitter", "facebook", "site", "twitter")
SETTINGS = 'language = "fr"\n' + "".join(
    f'[accounts.{lang}-{number}]\nchannel = "{channel}"\norganisation = "BICE"\nlanguage = "{lang}"\n'
    + ('page_id = "100200300"\n' if channel == "facebook" else "")
    for lang in TEXTS
    for number, channel in enumerate(CHANNELS)
)
"""Of a workspace whose accounts are those of the ledger."""
_READERS = (
    "Merci de le dire, et de continuer à le dire.",
    "¿Y qué hacen las plataformas con las denuncias?",
    "Kto odpowiada za dzieci w sieci?",
    "Please help, it happened to a friend of mine.",
)
_SPAN = timedelta(days=360)
_FUTURE = 0.01  # of the posts
_BATCH = 2_000  # deliveries written in one transaction
_BULK = 20_000  # the same, past the ledger
_PREPARED = Prepared().model_dump_json()
_SAID = "Posts {number} of a long campaign: the rights of the child do not end at the screen."
_MARK = "{number}"
_CONTENT = Content(parts=(Part(text=_SAID),), lang="en").model_dump_json()
_ERRORS = {
    State.FAILED: (Event.REFUSED, Kind.CONTENT, "The page does not allow such links."),
    State.MISSED: (Event.MISSED, Kind.EXPIRED, "It was not out by its expiry."),
    State.UNCERTAIN: (
        Event.UNKNOWN_OUTCOME,
        Kind.UNKNOWN_OUTCOME,
        "No answer came within 20 seconds.",
    ),
}


def fill(app: Application, count: int) -> None:
    """Write `count` deliveries into the empty ledger of a workspace with `SETTINGS`."""
    now = app.clock.now().replace(microsecond=0)
    wishes = _wishes(now, count)
    while batch := list(itertools.islice(wishes, _BATCH)):
        app.ledger.apply(add=batch, edit=(), cancel=(), pictures={}, actor="redaction")
    last = 0
    while rows := _next(app, last):
        _live(app, rows, now)
        last = rows[-1].id
    app.audit.seal()


def fill_with_comments(app: Application, count: int) -> None:
    """Write `count` comments of readers below posts that are out, the same number below each.

    Four fifths are dealt with; one in a thousand calls for somebody, with a word of alarm.
    """
    now = app.clock.now().replace(microsecond=0)
    out = select(deliveries.c.account, deliveries.c.remote_ids, deliveries.c.published_at).where(
        deliveries.c.state == State.PUBLISHED, deliveries.c.channel != "site"
    )
    with app.database.write() as connection:
        published = connection.execute(out).mappings().all()
        for first in range(0, count, _BATCH):
            numbers = range(first, min(first + _BATCH, count))
            rows = [_comment(n, published[n % len(published)], now) for n in numbers]
            connection.execute(reader_comments.insert(), rows)


def _comment(number: int, post: RowMapping, now: datetime) -> dict[str, Any]:
    is_calling = number % 1000 == 999
    is_open = is_calling or number % 5 == 0
    return {
        "account": post["account"],
        "remote_id": f"comment-{number}",
        "post": json.loads(post["remote_ids"])[0],
        "author": f"@reader{number % 9000}",
        "text": f"{CITIES[number % len(CITIES)]}: {_READERS[number % len(_READERS)]}",
        "url": f"https://example.org/comments/{number}",
        "written_at": post["published_at"] + timedelta(minutes=number % 600),
        "read_at": now,
        "checked_at": now,
        "signs": json.dumps([{"kind": "word", "what": "help*"}] if is_calling else []),
        "urgency": CALLED if is_calling else 0,
        "state": CommentState.NEW if is_open else CommentState.SEEN,
    }


def _wishes(now: datetime, count: int) -> Iterator[Wish]:
    posts = count // len(CHANNELS)
    for number in range(posts):
        lang = list(TEXTS)[number % len(TEXTS)]
        due_at = now + _SPAN * (number / posts - 1 + _FUTURE) + timedelta(seconds=1)
        said = f"{CITIES[number % len(CITIES)]} {number}. {TEXTS[lang]}"
        for place, channel in enumerate(CHANNELS):
            yield Wish(
                post=f"{due_at:%Y-%m}/{due_at:%d}-session-{number}.{lang}",
                account=f"{lang}-{place}",
                channel=channel,
                due_at=due_at,
                expires_at=due_at + timedelta(hours=4),
                content=Content(parts=(Part(text=f"{said} {place}"),), lang=lang),
                state=State.AWAITING_APPROVAL if number % 400 == 399 else State.SCHEDULED,
            )


def _next(app: Application, last: int) -> list[Delivery]:
    query = select(deliveries).where(deliveries.c.id > last).order_by(deliveries.c.id)
    with app.database.read() as connection:
        rows = connection.execute(query.limit(_BATCH)).mappings()
        return [delivery_of(row) for row in rows]


def _live(app: Application, found: Sequence[Delivery], now: datetime) -> None:
    """Let happen to these what happens to deliveries until they end."""
    with app.database.write() as connection:
        for delivery in found:
            if delivery.due_at <= now and delivery.state is State.SCHEDULED:
                _end(connection, delivery, _target(delivery.id))


def _end(connection: Connection, delivery: Delivery, target: State) -> None:
    at = delivery.due_at
    if target is State.CANCELLED:
        change(
            connection, delivery, Event.CANCELLED, By(Role.MANAGER, "direction", at),
            target=target, reason="said already",
        )  # fmt: skip
        return
    claimed = change(
        connection,
        delivery,
        Event.CLAIMED,
        By(Role.DISPATCHER, ACTOR, at - timedelta(seconds=2)),
        target=State.PUBLISHING,
    )
    if target in _ERRORS:
        event, kind, message = _ERRORS[target]
        change(
            connection, claimed, event, By(Role.WORKER, ACTOR, at), target=target,
            error_kind=kind, error_message=message,
        )  # fmt: skip
        return
    at += timedelta(milliseconds=20 + delivery.id * 37 % 400)
    remote_id = str(700_000_000_000_000_000 + delivery.id)
    published = change(
        connection, claimed, Event.PUBLISHED, By(Role.WORKER, ACTOR, at),
        target=State.PUBLISHED, detail={"part": 1, "id": remote_id}, published_at=at,
        attempts=1, remote_ids=json.dumps([remote_id]), url=f"https://x.com/i/status/{remote_id}",
    )  # fmt: skip
    if target is State.WITHDRAWN:
        change(
            connection, published, Event.WITHDRAWN, By(Role.MANAGER, "direction", at),
            target=target, detail={"reason": "a mistake in the name"},
            withdrawn_ids=json.dumps([remote_id]),
        )  # fmt: skip


def _target(key: int) -> State:
    for every, state in (
        (101, State.FAILED), (203, State.MISSED), (307, State.CANCELLED), (997, State.WITHDRAWN),
        (4001, State.UNCERTAIN),
    ):  # fmt: skip
        if key % every == 0:
            return state
    return State.PUBLISHED


class Alike(NamedTuple):
    """What many deliveries have in common."""

    state: State
    account: str
    channel: str
    first: datetime
    """When the first of them is due."""
    apart: timedelta
    """How much later each of the others is."""
    lasts: timedelta | None = timedelta(hours=4)
    """From then until it expires; None: it never does."""
    is_spread: bool = False
    """Each is of an account of its own, named `account` and its number."""

    def account_of(self, number: int) -> str:
        return f"{self.account}-{number}" if self.is_spread else self.account


def fill_in_bulk(
    apps: Sequence[Application], alike: Alike, counts: Sequence[int], begin: int
) -> None:
    """Add deliveries to each ledger, `counts` of them, with ids from `begin` + 1 on.

    The same rows go into all: making them takes longer than writing them.
    """
    numbers = iter(range(begin + 1, begin + max(counts) + 1))
    while batch := list(itertools.islice(numbers, _BULK)):
        made = [_made(number, alike, begin) for number in batch]
        for app, count in zip(apps, counts, strict=True):
            _write(app, made[: max(0, begin + count - batch[0] + 1)])


def analyze(app: Application) -> None:
    """What PostgreSQL's autovacuum does within a minute or so."""
    if not app.database.is_sqlite:
        with app.database.write() as connection:
            connection.execute(text("ANALYZE"))


class _Made(NamedTuple):
    """A delivery as it is stored, its steps, and its words."""

    row: dict[str, Any]
    steps: list[dict[str, Any]]
    words: list[str]


def _made(number: int, alike: Alike, begin: int) -> _Made:
    due_at = alike.first + alike.apart * (number - begin - 1)
    due = microseconds(due_at)
    said = _SAID.replace(_MARK, str(number))
    row: dict[str, Any] = dict.fromkeys(deliveries.c.keys())
    row |= {
        "id": number, "version": 1, "post": f"{due_at:%Y-%m}/post-{number}", "account": alike.account_of(number),
        "channel": alike.channel, "state": State.SCHEDULED, "due_at": due, "next_check_at": due,
        "expires_at": microseconds(due_at + alike.lasts) if alike.lasts else None, "attempts": 0, "absences": 0,
        "content": _CONTENT.replace(_MARK, str(number)), "prepared": _PREPARED, "remote_ids": "[]",
        "fingerprint": hashlib.sha256(f"{said}\n".encode()).hexdigest(), "repeat": False,
        "queued_by": "redaction",
    }  # fmt: skip
    if alike.state is State.AWAITING_APPROVAL:
        row["state"] = alike.state
    steps = [_step(row, "queued", due - 86_400_000_000, "redaction", None, with_digest=True)]
    if alike.state is State.PUBLISHED:
        _move(row, steps, "claimed", State.PUBLISHING, due - 4_000_000)
        remote_id = str(700_000_000_000_000_000 + number)
        row |= {
            "published_at": due + 50_000, "attempts": 1, "remote_ids": json.dumps([remote_id]),
            "url": f"https://x.com/i/status/{remote_id}",
        }  # fmt: skip
        _move(row, steps, "published", State.PUBLISHED, due + 50_000)
    url = f" {row['url']}" if row["url"] else ""
    words = search_index.words_of(row["post"], Content(parts=(Part(text=said + url),)))
    return _Made(row, steps, words)


def _move(
    row: dict[str, Any], steps: list[dict[str, Any]], event: str, target: State, at: int
) -> None:
    source, row["state"] = row["state"], target
    row["version"] += 1
    steps.append(_step(row, event, at, ACTOR, source, with_digest=target is State.PUBLISHED))


def _step(
    row: dict[str, Any], event: str, at: int, actor: str, source: State | None, *, with_digest: bool
) -> dict[str, Any]:
    """The step that led to the row as it is, which gets its hash."""
    step = {
        "delivery": row["id"], "account": None, "at": at, "event": event, "source": source,
        "target": row["state"], "actor": actor, "detail": "{}", "seq": row["version"],
        "digest": hash_chain.delivery_digest(hash_chain.shortened(row)) if with_digest else None,
    }  # fmt: skip
    previous = row["head"] or hash_chain.delivery_origin(row["post"], row["account"])
    row["head"] = step["hash"] = hash_chain.step_hash(step, previous)
    return step


def _write(app: Application, made: Sequence[_Made]) -> None:
    if not made:
        return
    is_sqlite = app.database.is_sqlite
    write = _write_sqlite if is_sqlite else _write_postgresql
    steps = [step for one in made for step in one.steps]
    names = {EVERYTHING, *(one.row["account"] for one in made)}
    with app.database.write() as connection:
        app.database.insert_missing(connection, accounts, [{"account": name} for name in names])
        cursor = connection.connection.cursor()
        write(cursor, deliveries, (one.row for one in made))
        write(cursor, history, steps)
        cursor.close()
        search_index.index(connection, {one.row["id"]: one.words for one in made})


def _write_sqlite(cursor: Any, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    names = _names(table)
    places = ", ".join(f":{name}" for name in names)
    cursor.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})", rows)


def _write_postgresql(cursor: Any, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    names = _names(table)
    with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def _names(table: Table) -> list[str]:
    """All but the history's ids, which the database gives."""
    names = [column.name for column in table.c]
    return [name for name in names if (table.name, name) != ("history", "id")]
