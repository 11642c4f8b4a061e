"""Placements: what the calendar needs of each delivery, for many thousands at once."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, literal_column, or_, select

from publisher.ledger.database import Database
from publisher.ledger.rows import chunks
from publisher.ledger.tables import Instant, deliveries, not_before
from publisher.model.content import Content
from publisher.model.states import ENDED_UNSENT, State

# The plus keeps SQLite from the index of times: nearly all of them are before `since`.
_due_at: ColumnElement[datetime] = literal_column("+deliveries.due_at", Instant)


_ENDED = frozenset({*ENDED_UNSENT, State.HELD, State.UNCERTAIN})


class Placement(NamedTuple):
    """A delivery in the calendar."""

    id: int
    post: str
    account: str
    channel: str
    state: State
    not_before: datetime
    """When it leaves or left, in UTC."""
    is_half_out: bool = False
    """Whether a part of it is out, and the rest does not follow by itself."""


class Placements:
    """Reads deliveries by when they leave."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def between(
        self,
        since: datetime,
        until: datetime,
        limit: int,
        accounts: Collection[str] | None = None,
        lang: str | None = None,
    ) -> list[Placement]:
        """The first `limit` that leave, or left, from `since` on and before `until`.

        `accounts`: of these alone; None: of all. `lang`: in this language, or in none.
        """
        columns = deliveries.c
        of_embargoes = select(columns.id).where(
            columns.embargo_until >= since, columns.embargo_until < until, _due_at < since
        )
        in_time = (
            columns.due_at >= since,
            columns.due_at < until,
            or_(columns.embargo_until.is_(None), columns.embargo_until < until),
        )
        found: list[Placement] = []
        with self._database.read() as connection:
            for wanted in (in_time, (columns.id.in_(of_embargoes),)):
                query = select(
                    columns.id, columns.post, columns.account, columns.channel, columns.state,
                    not_before.label("leaves"), columns.remote_ids != "[]", *((columns.content,) if lang else ()),
                ).where(*wanted)  # fmt: skip
                if accounts is not None:
                    query = query.where(columns.account.in_(accounts))
                ordered = query.order_by(columns.due_at, columns.id).limit(limit)
                rows = connection.execute(ordered).all()
                found += [
                    Placement(
                        key,
                        post,
                        account,
                        channel,
                        State(state),
                        leaves,
                        bool(is_out) and state in _ENDED,
                    )
                    for key, post, account, channel, state, leaves, is_out, *content in rows
                    if not lang or json.loads(content[0]).get("lang") in (None, lang)
                ]
        return sorted(found, key=lambda one: (one.not_before, one.id))[:limit]

    def contents(self, ids: Sequence[int]) -> dict[int, Content]:
        """The contents of these deliveries, by their ids."""
        columns, found = deliveries.c, {}
        with self._database.read() as connection:
            for chunk in chunks(ids):
                query = select(columns.id, columns.content).where(columns.id.in_(chunk))
                for key, content in connection.execute(query):
                    found[key] = Content.model_validate_json(content)
        return found
