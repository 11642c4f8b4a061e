"""The public counts of posts, for pages, exports and the report."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select

from publisher.ledger.database import Database
from publisher.ledger.reading.statistics import Span, due_in, is_answer
from publisher.ledger.rows import chunks
from publisher.ledger.tables import deliveries, engagement
from publisher.model.engagement import Age, Engagement, Metric


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """The counts of a post at one age, and when they were read."""

    age: Age
    read_at: datetime
    engagement: Engagement


@dataclass(frozen=True, slots=True)
class CountedPost:
    """A published delivery with its counts, for the report."""

    delivery: int
    post: str
    account: str
    channel: str
    published_at: datetime
    url: str | None
    lang: str | None
    text: str
    """The text of its first part."""
    has_picture: bool
    is_thread: bool
    is_answer: bool
    """To one reader, or a correction of that: its text may begin with the reader's name."""
    counts: ReadCounts
    """Of the age that was asked for."""


class EngagementCounts:
    """Reads the counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, ids: Collection[int]) -> Mapping[int, Mapping[Age, ReadCounts]]:
        """The counts of deliveries, by their ids, and by age in rising order."""
        found: defaultdict[int, dict[Age, ReadCounts]] = defaultdict(dict)
        with self._database.read() as connection:
            for some in chunks(sorted(ids)):
                query = select(engagement).where(engagement.c.delivery.in_(some))
                for row in connection.execute(query):
                    found[row.delivery][Age(row.age)] = _counts(row)
        return {key: {age: one[age] for age in Age if age in one} for key, one in found.items()}

    def number(self) -> int:
        """How many readings there are: none is changed, so another number is another state."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(engagement)).scalar_one()

    def posts(self, span: Span, age: Age, limit: int) -> list[CountedPost]:
        """The newest deliveries of a span whose counts of this age were read, newest first."""
        columns = deliveries.c
        query = (
            select(
                columns.id, columns.post, columns.account, columns.channel, columns.published_at,
                columns.url, columns.content, is_answer().label("is_answer"), engagement,
            )
            .join(engagement, engagement.c.delivery == columns.id)
            .where(
                *due_in(span),
                engagement.c.age == age,
                engagement.c.is_gone.is_(False),
                columns.published_at.is_not(None),
            )
            .order_by(columns.published_at.desc(), columns.id.desc())
            .limit(limit)
        )  # fmt: skip
        with self._database.read() as connection:
            return [_post(row) for row in connection.execute(query)]


def _counts(row: Row[tuple[object, ...]]) -> ReadCounts:
    told = {metric: getattr(row, metric.value) for metric in Metric}
    counts = {metric: number for metric, number in told.items() if number is not None}
    return ReadCounts(Age(row.age), row.read_at, Engagement(counts, is_gone=row.is_gone))


def _post(row: Row[tuple[object, ...]]) -> CountedPost:
    content = json.loads(row.content)  # some thousands: quicker than as a checked value
    parts = content["parts"]
    return CountedPost(
        delivery=row.id,
        post=row.post,
        account=row.account,
        channel=row.channel,
        published_at=row.published_at,
        url=row.url,
        lang=content.get("lang"),
        text=parts[0]["text"],
        has_picture=any(part.get("pictures") for part in parts),
        is_thread=sum(not part.get("is_comment") for part in parts) > 1,
        is_answer=bool(row.is_answer),
        counts=_counts(row),
    )
