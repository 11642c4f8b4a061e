"""Triggers of the database: those that guard the history, and any foreign ones.

A foreign trigger, rule or view in a backup could undo what is written after the restore, for
example that no one may log in, and no step of the history would show it.
"""

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection, text

from publisher.ledger.tables import metadata

_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')"
# A foreign view does no harm on PostgreSQL, unless it has the name of one of our tables.
_POSTGRESQL = """
SELECT c.relname || '.' || t.tgname, concat_ws(' ', t.tgtype, p.prosrc)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
    AND c.relname = ANY(:tables)
UNION ALL
SELECT c.relname || '.' || r.rulename, pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(:tables)
"""
EXPECTED: dict[str, dict[str, str]] = {
    "sqlite": {
        "archived_no_delete": "d1b1fb43746c6975",
        "archived_no_update": "5cf2730792485adc",
        "archived_only_ended": "7e86ab61d45ba408",
        "history_no_delete": "c97b1fb630bb2015",
        "history_no_update": "8c929d96c0fd34e2",
        "seals_no_delete": "71e685ea892d27ad",
        "seals_no_update": "99ab134e1642f815",
    },
    "postgresql": {
        "archived.archived_append_only": "c6d720eba7cae992",
        "archived.archived_guard_insert": "e439d13e20361797",
        "history.history_append_only": "e1ee0f9277708384",
        "history.history_guard_delete": "3abded0f9b5290a5",
        "seals.seals_append_only": "c6d720eba7cae992",
    },
}
"""The triggers that `create` makes, with the first 16 digits of their text's SHA-256."""
_IS_ARCHIVED = "SELECT 1 FROM archived WHERE delivery = OLD.delivery AND through >= OLD.seq"
# Whoever may be out, or may move by itself, has not ended: its steps stay where they are.
_HAS_ENDED = (
    "SELECT 1 FROM deliveries d, history h"
    " WHERE d.id = NEW.delivery AND d.version = NEW.through AND d.head = NEW.head"
    " AND d.state IN ('published', 'failed', 'missed', 'cancelled', 'withdrawn')"
    " AND d.clear_at IS NULL AND (d.state = 'withdrawn' OR d.withdrawn_ids IS NULL)"
    " AND h.id = NEW.step AND h.delivery IS NULL AND h.event = 'archived'"
)
_REFUSED = "the history is append-only"
_NOT_ENDED = "only what has ended is archived"


def create(connection: Connection) -> None:
    """Create the triggers of a new ledger."""
    on_sqlite = connection.dialect.name == "sqlite"
    for statement in _on_sqlite() if on_sqlite else _on_postgresql():
        connection.exec_driver_sql(statement)


def _on_sqlite() -> Iterator[str]:
    for table, events in (
        ("history", ("UPDATE",)),
        ("seals", ("UPDATE", "DELETE")),
        ("archived", ("UPDATE", "DELETE")),
    ):
        for event in events:
            yield (
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )
    yield (
        "CREATE TRIGGER history_no_delete BEFORE DELETE ON history"
        f" WHEN NOT EXISTS ({_IS_ARCHIVED}) BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )
    yield (
        "CREATE TRIGGER archived_only_ended BEFORE INSERT ON archived"
        f" WHEN NOT EXISTS ({_HAS_ENDED}) BEGIN SELECT RAISE(ABORT, '{_NOT_ENDED}'); END"
    )


def _on_postgresql() -> Iterator[str]:
    yield (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    for table, events in (
        ("history", "UPDATE OR TRUNCATE"),
        ("seals", "UPDATE OR DELETE OR TRUNCATE"),
        ("archived", "UPDATE OR DELETE OR TRUNCATE"),
    ):
        yield (
            f"CREATE TRIGGER {table}_append_only BEFORE {events} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    yield from _refusal_of_rows("history", "DELETE", "OLD", unless=_IS_ARCHIVED, why=_REFUSED)
    yield from _refusal_of_rows("archived", "INSERT", "NEW", unless=_HAS_ENDED, why=_NOT_ENDED)


def _refusal_of_rows(table: str, event: str, row: str, *, unless: str, why: str) -> Iterator[str]:
    """Refuses the event for each row of which `unless` finds nothing."""
    name = f"{table}_guard_{event.lower()}"
    yield (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF NOT EXISTS ({unless}) THEN RAISE EXCEPTION '{why}'; END IF;"
        f" RETURN {row}; END $$"
    )
    yield f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"


def foreign(connection: Connection) -> list[str]:
    """The names of triggers, rules and views that Publisher did not make in this form."""
    return sorted(dict(found(connection).items() - EXPECTED[connection.dialect.name].items()))


def remove_foreign(connection: Connection) -> None:
    """Drop the foreign ones from an SQLite database that is to be restored."""
    quoted = connection.dialect.identifier_preparer.quote_identifier
    rows = connection.execute(text("SELECT name, type FROM sqlite_master")).all()
    kinds = {row.name: row.type for row in rows}
    for name in foreign(connection):
        connection.exec_driver_sql(f"DROP {kinds[name]} {quoted(name)}")


def found(connection: Connection) -> dict[str, str]:
    """All triggers, rules and views of the database, with digests as in `EXPECTED`."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text(_SQLITE)).all()
    else:
        rows = connection.execute(text(_POSTGRESQL), {"tables": [*metadata.tables]}).all()
    return {name: hashlib.sha256(body.encode()).hexdigest()[:16] for name, body in rows}
