"""Triggers of the database: those that the migrations make, and any foreign ones.

A foreign trigger, rule or view in a backup could undo what is written after the restore, for
example that no one may log in, and no step of the history would show it.
"""

import hashlib

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
"""The triggers that the migrations make, with the first 16 digits of their text's SHA-256."""


def foreign(connection: Connection) -> list[str]:
    """The names of triggers, rules and views that no migration made in this form."""
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
