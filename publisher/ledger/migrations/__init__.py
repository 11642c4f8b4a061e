"""Migrations of the ledger with Alembic, which is loaded only here."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).parent


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def knows(revision: str) -> bool:
    """Whether this version has the revision; if not, it is a newer version's."""
    try:
        ScriptDirectory.from_config(_config()).get_revision(revision)
    except CommandError:
        return False
    return True


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
