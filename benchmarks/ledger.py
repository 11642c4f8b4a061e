"""A ledger with many deliveries and their histories, for the other benchmarks.

What is in it was written by the ledger itself, so that the chains of the history hold: posts of four
languages to four accounts each, over a year that is nearly past. Most are out; some failed, were
missed, cancelled or withdrawn, are in doubt, held, or wait for an approval; the newest are to come.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from publisher.app import Application
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import deliveries
from publisher.ledger.transitions import ACTOR, change
from publisher.model.models import Content, Delivery, Part, Wish
from publisher.model.outcomes import Kind
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
_SPAN = timedelta(days=360)
_FUTURE = 0.01  # of the posts
_BATCH = 2_000  # deliveries written in one transaction
_ERRORS = {
    State.FAILED: ("refused", Kind.CONTENT, "The page does not allow such links."),
    State.MISSED: ("missed", Kind.EXPIRED, "It was not out by its expiry."),
    State.UNCERTAIN: ("unknown outcome", Kind.UNKNOWN_OUTCOME, "No answer came within 20 seconds."),
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


def _wishes(now: datetime, count: int) -> Iterator[Wish]:
    posts = count // len(CHANNELS)
    for number in range(posts):
        lang = list(TEXTS)[number % len(TEXTS)]
        due_at = now + _SPAN * (number / posts - 1 + _FUTURE) + timedelta(seconds=1)
        text = f"{CITIES[number % len(CITIES)]} {number}. {TEXTS[lang]}"
        for place, channel in enumerate(CHANNELS):
            yield Wish(
                post=f"{due_at:%Y-%m}/{due_at:%d}-session-{number}.{lang}",
                account=f"{lang}-{place}",
                channel=channel,
                due_at=due_at,
                expires_at=due_at + timedelta(hours=4),
                content=Content(parts=(Part(text=f"{text} {place}"),), lang=lang),
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
            connection, delivery, "cancelled", role=Role.MANAGER, actor="direction", at=at,
            target=target, reason="said already",
        )  # fmt: skip
        return
    claimed = change(
        connection, delivery, "claimed", role=Role.DISPATCHER, actor=ACTOR,
        at=at - timedelta(seconds=2), target=State.PUBLISHING,
    )  # fmt: skip
    if target in _ERRORS:
        event, kind, message = _ERRORS[target]
        change(
            connection, claimed, event, role=Role.WORKER, actor=ACTOR, at=at, target=target,
            error_kind=kind, error_message=message,
        )  # fmt: skip
        return
    at += timedelta(milliseconds=20 + delivery.id * 37 % 400)
    remote_id = str(700_000_000_000_000_000 + delivery.id)
    published = change(
        connection, claimed, "published", role=Role.WORKER, actor=ACTOR, at=at,
        target=State.PUBLISHED, detail={"part": 1, "id": remote_id}, published_at=at,
        attempts=1, remote_ids=json.dumps([remote_id]), url=f"https://x.com/i/status/{remote_id}",
    )  # fmt: skip
    if target is State.WITHDRAWN:
        change(
            connection, published, "withdrawn", role=Role.MANAGER, actor="direction", at=at,
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
