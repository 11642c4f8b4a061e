"""Edits of publisher.toml and secrets.toml about one account; comments and order stay."""

import os
import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from publisher.base import files
from publisher.base.errors import ConfigurationError, StorageError, why
from publisher.base.i18n import _

_PRIVATE, _PUBLIC = 0o600, 0o644


@contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold secrets.toml among all processes that write it, on all machines that share its folder.

    The lock is a file beside it. Raises TimeoutError after `patience` real seconds, and OSError.
    """
    with files.locked(beside(path, "lock"), patience):
        yield


def beside(path: Path, ending: str) -> Path:
    """A hidden file of our own in the folder of secrets.toml."""
    target = path.resolve()
    return target.with_name(f".{target.name}.{ending}")


def renewal_note(path: Path, account: str) -> Path:
    """The file that says of a renewal of an account's keys that it began."""
    return beside(path, f"{account}.renewal")


def renewed_keys(path: Path, account: str) -> Path:
    """The file that has an account's newest keys, and knows which ones they replaced."""
    return beside(path, f"{account}.renewed")


def forget_renewals(path: Path, account: str) -> None:
    """Delete what is known of renewals: the account gets other keys, or none. Raises OSError."""
    for file in (renewal_note(path, account), renewed_keys(path, account)):
        file.unlink(missing_ok=True)


def keys_of(path: Path, account: str) -> Mapping[str, str]:
    """What secrets.toml has of an account now. Raises OSError and ValueError."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    nested = document.get("accounts")
    tables = nested if isinstance(nested, dict) and account in nested else document
    table = tables.get(account)
    found = table if isinstance(table, dict) else {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def without(path: Path, names: Mapping[str, Collection[str]]) -> str:
    """The text of secrets.toml without the values of these credentials, by account."""
    document = _parsed(path)
    nested = document.get("accounts")
    for account, credentials in names.items():
        tables = nested if isinstance(nested, dict) and account in nested else document
        for name in credentials:
            if account in tables and name in tables[account]:
                tables[account][name] = ""
    return tomlkit.dumps(document)


def with_keys(
    path: Path, account: str, keys: Mapping[str, str], names: Collection[str]
) -> str | None:
    """The text of secrets.toml with these keys of an account, and none of `names` besides.

    Without `keys`, it has no credential of the account any more. None: it stays as it is.
    """
    document = _parsed(path)
    nested = document.get("accounts")
    tables = nested if isinstance(nested, dict) and account in nested else document
    if account not in tables:
        if not keys:
            return None
        tables[account] = tomlkit.table()
    table = tables[account]
    for name in names:
        if name not in keys:
            table.pop(name, None)
    for name, value in keys.items():
        table[name] = value
    if not table:
        del tables[account]
    text = tomlkit.dumps(document)
    return text if not path.exists() or text != path.read_text(encoding="utf-8") else None


def with_options(path: Path, account: str, options: Mapping[str, str | int]) -> str | None:
    """The text of publisher.toml with these options of an account; None: it has them already."""
    document = _parsed(path)
    accounts = document.setdefault("accounts", tomlkit.table(is_super_table=True))
    if account not in accounts:
        accounts[account] = tomlkit.table()
    table = accounts[account]
    missing = {name: value for name, value in options.items() if table.get(name) != value}
    for name, value in missing.items():
        table[name] = value
    return tomlkit.dumps(document) if missing else None


def write(path: Path, text: str, *, private: bool) -> None:
    """Write one of the files durably, for the owner that it, or its folder, has.

    Raises StorageError; the file is then as it was.
    """
    target = path.resolve()  # a link stays one
    try:
        place = target.stat() if target.exists() else target.parent.stat()
        mode = _PRIVATE if private else target.stat().st_mode if target.exists() else _PUBLIC
        with files.beside(target, text.encode(), mode & 0o777) as new:
            if os.geteuid() != place.st_uid:  # root, for a service of another user
                os.chown(new, place.st_uid, place.st_gid)
            new.replace(target)
        files.sync(target.parent)
    except OSError as error:
        raise not_written(path, error) from None


def not_written(path: Path, error: OSError) -> StorageError:
    """The error for a file that cannot be written."""
    return StorageError(
        _("{file} cannot be written: {reason}.", file=path, reason=why(error)),
        hint=_("Nothing was stored. Allow this user to write the file, then connect again."),
    )


def _parsed(path: Path) -> tomlkit.TOMLDocument:
    try:
        return (
            tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        )
    except (OSError, ValueError, TOMLKitError) as error:
        raise ConfigurationError(
            _("{file} cannot be read: {reason}.", file=path, reason=type(error).__name__)
        ) from None
