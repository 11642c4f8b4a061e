"""The first shape of the ledger that is kept up to date: nothing older was ever released

A new ledger gets the newest shape at once: see `ledger/schema.py`.
"""

revision = "0024"
down_revision = None


def upgrade() -> None:
    """Nothing: every ledger that is migrated has this shape at least."""
