"""Types of columns and indexes, the same for SQLite and PostgreSQL.

Instants are stored as whole microseconds since 1970 UTC, so that both databases compare them in the
same way and to the microsecond.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    Integer,
    MetaData,
    TypeDecorator,
)

REVISION = "0043"
"""The newest of `migrations/versions`, which leads older ledgers to the tables below."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MICROSECOND = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """An instant as whole microseconds since 1970 UTC."""
    return (instant - _EPOCH) // _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC, as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, _dialect: Any) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
Key = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of a few rows, which stays small and quick among a million others.

    `schema.py` takes the condition from `info`: to know a `postgresql_where`, SQLAlchemy would load
    all of PostgreSQL's drivers.
    """
    return Index(name, *columns, info={"where": where}, unique=unique)
