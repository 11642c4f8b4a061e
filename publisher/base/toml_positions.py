"""TOML files with the position of each key, which tomllib does not give."""

import re
import tomllib
from pathlib import Path
from typing import Any

from publisher.base.errors import ConfigurationError, why
from publisher.base.i18n import _, later

Keys = tuple[str, ...]

# tomllib's messages, and ours.
_REASONS = (
    ("Cannot", later("a key or a table is given twice")),
    ("Unterminated string", later("a quotation mark is never closed")),
    ('Expected "\'"', later("a quotation mark is never closed")),
    ("Unclosed", later("a bracket is never closed")),
    ("Expected ']'", later("a bracket is never closed")),
    ("Expected '='", later("a key has no value")),
    ("Invalid value", later("a value is missing or cannot be read; texts go between quotes")),
    ("Unescaped", later("within quotes, a `\\` is written twice")),
    ("after a statement", later("there is something after a value")),
    ("recursion", later("there are too many brackets within one another")),
)
_UNREADABLE = later("this cannot be read")
_IN_CONFLICT = later(
    "a conflict in git is left here; keep one version, and delete the lines `<<<<<<<`, `=======` and "
    "`>>>>>>>`"
)
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|={7}|\|{7})(?: .*)?\r?$", re.MULTILINE)
_CURLED = later(
    "this is a curly quotation mark, as word processors write it; TOML needs straight ones"
)
_CURLY = re.compile("[=\\[,]\\s*([\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb])")
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")

_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"""\s*+(?:\[{{1,2}}\s*+)?({_NAME}(?:\s*+\.\s*+{_NAME})*+)\s*+(=|\])""")


class TomlFile:
    """A TOML file's values and positions; `name` is its name in messages."""

    def __init__(self, path: Path, *, name: str | None = None) -> None:
        """Raises ConfigurationError when the file cannot be read."""
        self.name = name or path.name
        text = _read(path)
        try:
            self.values: dict[str, Any] = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise self._invalid(str(error), text) from None
        self._positions = _positions(text)

    def _invalid(self, told: str, text: str) -> ConfigurationError:
        """The error for invalid TOML, without the line, which may contain a secret."""
        reason = next((reason for sign, reason in _REASONS if sign in told), _UNREADABLE)
        found = _PLACE.search(told)
        lines = text.split("\n")
        end = len(lines), len(lines[-1]) + 1
        line, column = (int(found[1]), int(found[2])) if found else end
        if mark := _CONFLICT.search(text):
            reason, line, column = _IN_CONFLICT, text.count("\n", 0, mark.start()) + 1, 1
        elif quote := _CURLY.search(lines[line - 1]):
            reason, column = _CURLED, quote.start(1) + 1
        message = _(
            "{place}: This is not valid TOML: {reason}.",
            place=f"{self.name}:{line}:{column}",
            reason=_(reason),
        )
        return ConfigurationError(message)

    def place(self, *keys: str) -> str:
        """The line and column of a key, or of the table that lacks it: `publisher.toml:3:1`."""
        for end in range(len(keys), 0, -1):
            if keys[:end] in self._positions:
                line, column = self._positions[keys[:end]]
                return f"{self.name}:{line}:{column}"
        return self.name


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(_("{path} does not exist.", path=path)) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        message = _("{path} cannot be read: line {line} is not in UTF-8.", path=path, line=line)
        hint = _("Save it in an editor with the encoding UTF-8.")
        raise ConfigurationError(message, hint=hint) from None
    except OSError as error:
        raise ConfigurationError(
            _("{path} cannot be read: {reason}.", path=path, reason=why(error))
        ) from None


def _positions(text: str) -> dict[Keys, tuple[int, int]]:
    """Line and column, from 1, of tables and keys; keys inside inline tables are not known."""
    found: dict[Keys, tuple[int, int]] = {}
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _KEY.match(line):
            keys = tuple(name.strip("\"'") for name in re.findall(_NAME, match[1]))
            if match[2] == "]":
                table = keys
            place = number, match.start(1) + 1
            found.setdefault(table if match[2] == "]" else (*table, *keys), place)
    return found
