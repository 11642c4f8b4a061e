"""What publisher.toml, secrets.toml and the environment say, and which of them said it.

Nothing is judged here but whether each source speaks of something that exists; what a setting may
hold is for `settings` to say.
"""

import os
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from publisher.base.errors import ConfigurationError, WorkspaceNotFound
from publisher.base.i18n import LANGUAGES, Language, _, from_environment, later
from publisher.base.text import did_you_mean, nearest, suggestion
from publisher.base.toml_positions import Keys, TomlFile

SETTINGS_FILE = "publisher.toml"
SECRETS_FILE = "secrets.toml"
PREFIX = "PUBLISHER_"
SECRETS_VARIABLE = f"{PREFIX}SECRETS_FILE"
OTHER_VARIABLES = (
    "PUBLISHER_WORKSPACE", "PUBLISHER_SECRETS_FILE", "PUBLISHER_USER", "PUBLISHER_TOKEN", "PUBLISHER_CLOCK",
    "PUBLISHER_SANDBOX",
)  # fmt: skip
"""Variables that are no settings, and are read where they are used."""
NOT_NEEDED: frozenset[Keys] = frozenset({("delivery", "threads")})
"""Settings of earlier versions."""
DELETE_IT = later("It is no longer needed: delete it.")


def variable(keys: Keys) -> str:
    """The environment variable of a setting, whose path in the file is `keys`."""
    return PREFIX + "__".join(keys).upper().replace("-", "_")


def may_be_a_server(name: str) -> bool:
    """Whether a variable could give a channel's server another address, `PUBLISHER_…_URL`."""
    return name.startswith(PREFIX) and name.endswith("_URL") and "__" not in name


def find_workspace(start: Path) -> Path:
    """The nearest folder, `start` or above it, that holds a publisher.toml."""
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / SETTINGS_FILE).is_file():
            return candidate
    message = _(
        "There is no {file} in {folder} or in any folder above.", file=SETTINGS_FILE, folder=folder
    )
    raise WorkspaceNotFound(message)


def spoken(workspace: Path | None, environment: Mapping[str, str] = os.environ) -> Language:
    """The language of messages, before anything else is known, and whatever else is wrong.

    That is the setting `language`, if it can be made out, and else the locale's.
    """
    told = environment.get(variable(("language",))) or _language_in(workspace)
    found = next((language for language in LANGUAGES if language == told), None)
    return found or from_environment(environment)


def _language_in(workspace: Path | None) -> object:
    if workspace is None:
        return None
    try:
        return tomllib.loads((workspace / SETTINGS_FILE).read_text(encoding="utf-8")).get(
            "language"
        )
    except (OSError, ValueError, RecursionError):
        return None  # whoever needs the settings says what is wrong with them


class Sources:
    """The values of all sources as one tree, in rising order of precedence."""

    def __init__(self, workspace: Path, is_unknown: Callable[[object], bool]) -> None:
        """Begin with publisher.toml; ConfigurationError when it cannot be read.

        `is_unknown`: whether nobody knows what settings an account has, of whose channel nothing is
        known: all are taken.
        """
        self._file = TomlFile(workspace / SETTINGS_FILE)
        self.values = self._file.values
        self._origins: dict[Keys, str] = {}
        tables = self.at("accounts")
        told = tables.items() if isinstance(tables, dict) else ()
        self._unknown = {name for name, table in told if is_unknown(table)}

    def at(self, *keys: str) -> object:
        """The value at a path so far; None if there is none."""
        found: object = self.values
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    @property
    def accounts(self) -> list[str]:
        accounts = self.at("accounts")
        return list(accounts) if isinstance(accounts, dict) else []

    def place(self, keys: Keys) -> str:
        """Where the value at `keys` was written, for a message: a file and a key, or a variable."""
        for end in range(len(keys), 0, -1):
            if keys[:end] in self._origins:
                return self._origins[keys[:end]]
        return f"{self._file.place(*keys)}: {'.'.join(keys) or 'settings'}"

    def add_secrets(
        self,
        path: Path,
        credentials: Collection[str],
        sections: Mapping[str, Collection[str]],
        of_account: Callable[[object], Collection[str]],
    ) -> None:
        """Add secrets.toml: tables `[NAME]` or `[accounts.NAME]` that hold `credentials`.

        `sections` are tables that belong to no account, and their settings. `of_account`: those
        credentials that an account can have, by its table in publisher.toml.
        """
        file = TomlFile(path)
        secrets, accounts = file.values, frozenset(self.accounts)
        for section in sections.keys() & secrets.keys():
            self._add_section(section, secrets.pop(section), sections[section], file)
        for name, table in _tables(file):
            if name not in accounts:
                message = _(
                    "{file}: [{name}] is not an account in {settings}.",
                    file=_place(file, name),
                    name=name,
                    settings=SETTINGS_FILE,
                )
                raise ConfigurationError(message, hint=suggestion(name, self.accounts))
            if not isinstance(table, dict):
                message = _(
                    "{file}: {section} is not a table.", file=_place(file, name), section=name
                )
                hint = _(
                    "Write [{name}] on a line of its own, and its credentials below it.", name=name
                )
                raise ConfigurationError(message, hint=hint)
            for field, value in table.items():
                if field not in credentials and name not in self._unknown:
                    message = _(
                        "{file}: {field} under [{name}] is not a credential.",
                        file=_place(file, name, field),
                        field=field,
                        name=name,
                    )
                    own = of_account(self.at("accounts", name))
                    raise ConfigurationError(message, hint=suggestion(field, own))
                place = f"{_place(file, name, field)}: {name}.{field}"
                self._set(("accounts", name, field), value, place)

    def _add_section(
        self, section: str, table: object, settings: Collection[str], file: TomlFile
    ) -> None:
        if not isinstance(table, dict):
            message = _(
                "{file}: {section} is not a table.", file=file.place(section), section=section
            )
            hint = _(
                "Write [{section}] on a line of its own, and its settings below it.",
                section=section,
            )
            raise ConfigurationError(message, hint=hint)
        for field, value in table.items():
            if field not in settings:
                message = _(
                    "{file}: {field} under [{section}] is not a setting.",
                    file=file.place(section, field),
                    field=field,
                    section=section,
                )
                raise ConfigurationError(message, hint=suggestion(field, settings))
            place = f"{file.place(section, field)}: {section}.{field}"
            self._set((section, field), value, place)

    def add_environment(self, environment: Mapping[str, str], settings: Collection[Keys]) -> None:
        """Add the variables of `settings`; ConfigurationError for one that nobody would read."""
        known = {variable(keys): keys for keys in settings}
        of_unknown = tuple(variable(("accounts", account, "")) for account in self._unknown)
        for name, value in environment.items():
            if not name.startswith(PREFIX) or name in OTHER_VARIABLES:
                continue
            if name not in known and (
                name.startswith(of_unknown) or (of_unknown and may_be_a_server(name))
            ):
                continue
            if name not in known:
                raise ConfigurationError(
                    _(
                        "The environment variable {name} is set, but there is no such setting.",
                        name=name,
                    ),
                    hint=_(DELETE_IT)
                    if name in map(variable, NOT_NEEDED)
                    else _nearest_variable(name, [*known, *OTHER_VARIABLES]),
                )
            self._set(known[name], value, name)

    def _set(self, keys: Keys, value: Any, origin: str) -> None:
        table = self.values
        for depth, key in enumerate(keys[:-1], start=1):
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise ConfigurationError(
                    _("{place}: must be a table.", place=self.place(keys[:depth]))
                )
        table[keys[-1]] = value
        self._origins[keys] = origin


def _nearest_variable(name: str, known: Collection[str]) -> str:
    rests = [one.removeprefix(PREFIX) for one in known]  # what all begin with makes nothing alike
    near = nearest(name.removeprefix(PREFIX), rests)
    if near:
        return did_you_mean(f"{PREFIX}{near}")
    return _("`publisher help settings` lists every setting.")


def _tables(file: TomlFile) -> Iterator[tuple[str, Any]]:
    """The accounts' tables, also those that stand under `accounts` as in publisher.toml."""
    nested = file.values.pop("accounts", {})
    if not isinstance(nested, dict):
        raise ConfigurationError(
            _("{file}: {section} is not a table.", file=file.place("accounts"), section="accounts"),
            hint=_("The credentials of an account go under [NAME]."),
        )
    yield from nested.items()
    yield from file.values.items()


def _place(file: TomlFile, *keys: str) -> str:
    """Where something of an account stands in secrets.toml, in whichever of the two ways."""
    place = file.place(*keys)
    return file.place("accounts", *keys) if place == file.name else place
