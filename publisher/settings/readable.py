"""Settings as far as they can be read: for what needs the ledger and nothing else.

`publisher pause` works also with a misspelt key, a broken table or a secrets.toml that nobody can
read. Nothing is published by such settings.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.settings import sandbox_mode
from publisher.settings.account_settings import CREDENTIALS, AccountSettings
from publisher.settings.settings import Settings, check_names, load
from publisher.settings.sources import (
    SECRETS_FILE,
    SECRETS_VARIABLE,
    SETTINGS_FILE,
    spoken,
    variable,
)

_VAR, _URL = ("var",), ("database", "url")
_LEDGER = re.compile(r"""^[^\S\n]*+(?:\[+[^\S\n]*+)?["']?(?:database|var)\b""", re.MULTILINE)
"""What says where the ledger is, in a part of a file that cannot be read."""
_TABLE = re.compile(r"^(?=[ \t]*\[)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Readable:
    """The settings without what is wrong in them."""

    settings: Settings
    problem: ConfigurationError | None = None
    """What is wrong in them."""
    is_ledger_sure: bool = True
    """False: what cannot be read could name another ledger than the usual one."""


def readable(workspace: Path, environment: Mapping[str, str] = os.environ) -> Readable:
    """The settings as far as they can be read.

    Raises what is wrong with them where nobody can tell from them which ledger is meant.
    """
    try:
        return Readable(load(workspace, environment))
    except ConfigurationError as error:
        problem = error
    workspace = workspace.resolve()
    file = _File(workspace / SETTINGS_FILE)
    in_sandbox = sandbox_mode.is_on(environment)
    if in_sandbox:
        var = workspace / (environment.get(variable(_VAR)) or file.text(*_VAR) or "var")
        environment = sandbox_mode.environment_of(var, environment, CREDENTIALS)
    secrets = _File(workspace / (environment.get(SECRETS_VARIABLE) or SECRETS_FILE))
    told = {
        keys: environment.get(variable(keys)) or secrets.text(*keys) or file.text(*keys)
        for keys in (_VAR, _URL)
    }
    hides_ledger = file.hides_ledger or secrets.hides_ledger or not file.is_read
    if hides_ledger and not environment.get(variable(_URL)):
        raise ledger_unclear(problem)
    settings = Settings(
        workspace=workspace,
        var=Path(told[_VAR] or "var"),
        language=spoken(workspace, environment),
        database={"url": told[_URL]} if told[_URL] else {},
        accounts=dict(_accounts(file.values.get("accounts"))),
    )
    settings._in_sandbox = in_sandbox  # noqa: SLF001 - as `load` does
    return Readable(settings, problem, bool(told[_URL]) or secrets.is_read)


def ledger_unclear(problem: ConfigurationError) -> ConfigurationError:
    """What is wrong with the settings, where nobody can tell from them which ledger is meant."""
    hint = _(
        "It could name another ledger. Correct it, or name the ledger in the environment variable "
        "{name}.",
        name=variable(_URL),
    )
    return ConfigurationError(str(problem), hint=hint)


class _File:
    """A TOML file, of which what cannot be read is left out."""

    def __init__(self, path: Path) -> None:
        self.values: dict[str, Any] = {}
        self.is_read = True
        """Whether it could be read; or there is none."""
        self.hides_ledger = False
        """Whether a part that cannot be read says where the ledger is."""
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        except OSError:
            self.is_read = False
            return
        for part in _parts(text):
            try:
                _merge(self.values, tomllib.loads(part))
            except (tomllib.TOMLDecodeError, RecursionError):
                self.hides_ledger |= bool(_LEDGER.search(part))

    def text(self, *keys: str) -> str | None:
        """The text at a path; None if there is none."""
        found: object = self.values
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, str) and found else None


def _parts(text: str) -> list[str]:
    """The whole, if it can be read, and else its tables one by one."""
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return _TABLE.split(text)
    return [text]


def _merge(values: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _merge(values[key], value)
        else:
            values.setdefault(key, value)


def _accounts(tables: object) -> Iterator[tuple[str, AccountSettings]]:
    """The accounts with which nothing is wrong."""
    known: list[str] = []
    for name, table in tables.items() if isinstance(tables, dict) else ():
        with suppress(ValidationError, ValueError):
            check_names([*known, name])
            yield name, AccountSettings.model_validate(table)
            known.append(name)
