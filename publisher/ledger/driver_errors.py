"""What drivers of databases say, as errors for people."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from publisher.base.errors import LedgerStarting, LedgerUnavailable, StorageError
from publisher.base.i18n import _, later

URL_HINT = later("Use sqlite:///var/publisher.db or postgresql+psycopg://user@host/name.")


@contextmanager
def plain_errors(url: URL) -> Iterator[None]:
    """Turn the driver's errors into ours: no SQL, no URL with a password on the screen."""
    try:
        yield
    except NoConnectionFree:
        message = _("The ledger has too much to do at once: no connection became free.")
        raise LedgerUnavailable(
            message,
            plainly=message,
            hint=_("It continues by itself. If this happens often, lower [delivery] workers."),
        ) from None
    except DBAPIError as error:
        lines = str(error.orig).strip().splitlines()
        plain = _plain(error, lines[0] if lines else "", url)
        if plain is None:
            raise
        raise plain from None


class _Meaning(NamedTuple):
    """A driver's error, and the message that a person gets for it."""

    text: str
    """A regular expression for SQLite's text."""
    codes: tuple[str, ...]
    """PostgreSQL's error codes; see
    https://www.postgresql.org/docs/current/errcodes-appendix.html.
    """
    error: type[LedgerUnavailable | StorageError]
    message: str
    hint: str | None = None


_ENDED_WHILE_IDLE = "25P03"
"""The server ended a transaction because its process did nothing."""

_NO_SHAPE = later("Restore the ledger from a backup, or choose another one in [database] url.")
_MEANINGS = (
    _Meaning(
        "the database system is (starting up|in recovery mode|not yet accepting connections)", (),
        LedgerStarting, later("The ledger's database is starting up."),
    ),
    _Meaning(
        "not a database|malformed", (), LedgerUnavailable, later("{name} is damaged: {text}."),
        later("Stop everything, and restore a copy of the database from a backup."),
    ),
    _Meaning(
        "no such table", ("42P01",), LedgerUnavailable, later("{name} lacks a table: {text}."),
        _NO_SHAPE,
    ),
    _Meaning(
        "no such column|has no column named", ("42703",), LedgerUnavailable,
        later("{name} lacks a column: {text}."), _NO_SHAPE,
    ),
    _Meaning(
        "$^", ("42501", "3F000"), LedgerUnavailable, later("{name} does not let Publisher in: {text}."),
        later(
            "Make the user of [database] url the owner of the database, or grant it USAGE and "
            "CREATE on the schema and all rights on its tables."),
    ),
    _Meaning(
        "is locked", ("55P03",), LedgerUnavailable, later("{name} is locked by another program: {text}."),
        later(
            "End what holds it: a backup, a database browser, an open transaction. Publisher "
            "then continues by itself."),
    ),
    _Meaning(
        "remaining connection slots|too many (clients|connections)", ("53300",), LedgerUnavailable,
        later("{name} accepts no more connections: {text}."),
        later(
            "Raise PostgreSQL's max_connections: each process of Publisher may open 15. "
            "Publisher then continues by itself."),
    ),
    _Meaning("unable to open", (), StorageError, later("{name} cannot be opened: {text}.")),
    _Meaning(
        "readonly|disk is full|disk I/O", ("25006", "53100"), StorageError,
        later("{name} cannot be written: {text}."),
    ),
)  # fmt: skip


def _plain(error: DBAPIError, text: str, url: URL) -> LedgerUnavailable | StorageError | None:
    """The driver's error as ours; None when it is a fault in this program."""
    code = getattr(error.orig, "sqlstate", None)
    for meaning in _MEANINGS:
        if code in meaning.codes or re.search(meaning.text, text):
            message = _(meaning.message, name=database_name(url), text=text)
            plainly = _without_end(_(meaning.message, name=_("The ledger"), text=""))
            hint = _(meaning.hint) if meaning.hint else None
            return meaning.error(message, hint=hint, plainly=plainly)
    if isinstance(error, OperationalError) or code == _ENDED_WHILE_IDLE:
        message = later("The ledger's database cannot be reached: {text}")
        return LedgerUnavailable(_(message, text=text), plainly=_without_end(_(message, text=" ")))
    if code is None and error.statement is None:
        # The driver refuses before it asks the server: an option that it does not know.
        return LedgerUnavailable(
            _("[database] url cannot be used: {text}.", text=text), hint=_(URL_HINT)
        )
    return None


def _without_end(text: str) -> str:
    """A sentence without the colon that introduces the driver's own text."""
    return text.rstrip(" .:\u00a0\u202f") + "."


def database_name(url: URL) -> str:
    """The ledger's file, or the database on its server; without user and password."""
    is_file = url.get_backend_name() == "sqlite"
    return (
        str(url.database)
        if is_file
        else _("The database {database} on {host}", database=url.database, host=url.host)
    )
