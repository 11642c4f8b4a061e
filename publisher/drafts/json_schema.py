"""JSON Schema (draft 2020-12) for the files that people write, so that editors can help.

The schemas are generated from the parsers' keys: a key that a parser accepts and no property
describes raises KeyError here, and a property of an unknown key is never included. A schema cannot
express all that `check` finds (an agenda item that does not exist, a time that the clocks skip),
but it accepts all that `check` accepts.
"""

import ast
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from publisher.base.i18n import _
from publisher.channels.registry import ALIASES, SPECS
from publisher.drafts import consents, session, session_reader
from publisher.model.draft_keys import BY_NAME, DRAFT_KEYS, MEDIA_KEYS, KeyKind
from publisher.model.problems import RULES
from publisher.settings import account_settings, settings
from publisher.settings import schema as sections
from publisher.settings.settings import Settings

Schema = dict[str, Any]

FOLDER = ".publisher/schema"
"""The workspace's folder of schemas, to which the first lines of its files refer."""
_MODULES = (settings, sections, account_settings)
"""Where settings are described."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"

# YAML has numbers and booleans; the parser reads each of them as text.
_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_FLAG: Schema = {"enum": [True, False, "true", "false", "yes", "no"]}
_DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_DURATION: Schema = {
    "type": "string",
    "pattern": r"^(\d+[dhms])+$",
    "examples": ["45m", "2h", "1h30m", "2d"],
}
_LANGUAGE: Schema = {"type": "string", "pattern": f"^{session.LANGUAGE.pattern}$"}
_MOMENT: Schema = {
    "type": "string",
    "examples": ["2016-03-07 08:30", "2016-03-07T08:30:00+01:00", "annual-day - 30m", "now"],
}
_RECIPIENT: Schema = {"anyOf": [{"enum": [*SPECS, *ALIASES, "all"]}, {"type": "string"}]}


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item}]}


def _said(what: str, schema: Schema) -> Schema:
    return {"description": what, **schema}


_KINDS: dict[KeyKind, Schema] = {
    KeyKind.LINE: _TEXT,
    KeyKind.NAME: _TEXT,
    KeyKind.ADDRESS: {"type": "string", "pattern": "^https?://\\S+$"},
    KeyKind.FLAG: _FLAG,
}
_OTHERS: dict[str, Schema] = {
    "at": {**_MOMENT, "type": ["string", "null"]},
    "to": _one_or_more(_RECIPIENT),
    "lang": _LANGUAGE,
    "expires": _DURATION,
    "embargo": _MOMENT,
    "ignore": _one_or_more({"enum": [*RULES]}),
}
"""The values of keys that have more than one line, or a form of their own."""
_MEDIA: dict[str, Schema] = {
    "file": _said("The picture, from the draft's folder, or from posts/ with a slash in front.",
                  _TEXT),
    "alt": _said("What it shows, for those who cannot see it.", _TEXT),
    "credit": _said("Whose picture it is.", _TEXT),
    "people": _said("Whether people are in it.", _FLAG),
    "consent": _said("The id of a record in posts/consents.yaml.", _TEXT),
}  # fmt: skip
_ITEM: dict[str, Schema] = {
    "title": _TEXT,
    "starts": _said("In the session's time zone.", _MOMENT),
    "ends": _MOMENT,
    "place": _TEXT,
    "cancelled": _said("Holds every post that hangs on it.", _FLAG),
    "uid": _said("The id of its event in a calendar.", _TEXT),
}
_SESSION: dict[str, Schema] = {
    "name": _TEXT,
    "timezone": _said("Such as Europe/Zurich: of all times without an offset.", {"type": "string"}),
    "starts": _DAY,
    "ends": _DAY,
}
_CONSENT: dict[str, Schema] = {
    "granted_to": _said("Organisations; all, if it is missing.", _one_or_more(_TEXT)),
    "channels": _said(
        "All, if it is missing.", _one_or_more({"enum": account_settings.CHANNEL_NAMES})
    ),
    "until": _said("The last day.", _DAY),
    "withdrawn": _FLAG,
    "names": _said(
        "Names that must not be public: a comment that contains one is shown first.",
        _one_or_more(_TEXT),
    ),
    "note": {},
}


def _object(
    keys: Iterable[str], properties: Mapping[str, Schema], required: tuple[str, ...] = ()
) -> Schema:
    """Schema of a mapping with the keys that a parser knows, and no others."""
    found: Schema = {
        "type": "object",
        "properties": {key: properties[key] for key in keys},
        "additionalProperties": False,
    }
    return {**found, "required": [*required]} if required else found


def draft_schema() -> Schema:
    """Schema of a draft's front matter."""
    return _object(DRAFT_KEYS, {name: _of_key(name) for name in DRAFT_KEYS})


def _of_key(name: str) -> Schema:
    """Schema of the value of a draft's key."""
    key = BY_NAME[name]
    if name == "media":
        picture = _object(MEDIA_KEYS, _MEDIA, required=("file", "alt"))
        return _said(key.about, {"type": "array", "items": picture})
    if key.kind is KeyKind.CHOICE:
        return _said(key.about, {"enum": [*filter(None, key.choices)]})
    return _said(key.about, _OTHERS[name] if key.kind is KeyKind.OTHER else _KINDS[key.kind])


def session_schema() -> Schema:
    """Schema of posts/session.yaml."""
    item = _object(session_reader.ITEM_KEYS, _ITEM, required=("starts",))
    defaults = {name: _of_key(name) for name in session_reader.DEFAULTS_KEYS}
    nested = {
        "defaults": _said(
            "What a draft that says nothing gets.",
            _object(session_reader.DEFAULTS_KEYS, defaults),
        ),
        "agenda": _said(
            "The programme: posts hang on its items by their names.",
            {"type": "object", "additionalProperties": item},
        ),
    }
    return _object(session_reader.KEYS, {**_SESSION, **nested})


def consents_schema() -> Schema:
    """Schema of posts/consents.yaml."""
    record = _object(consents._KEYS, _CONSENT)  # noqa: SLF001
    return {"type": "object", "additionalProperties": record}


def settings_schema() -> Schema:
    """Schema of publisher.toml: the settings that are not secret."""
    return _of_settings(secret=False)


def secrets_schema() -> Schema:
    """Schema of secrets.toml: each account's credentials under its name, and all other secrets."""
    found, plain = _of_settings(secret=True), _of_settings(secret=False)["properties"]
    of_an_account = found["properties"]["accounts"]["additionalProperties"]
    # A URL may be in either file: it is a secret only if it holds a password.
    urls = {
        section: {**plain[section], "properties": {"url": plain[section]["properties"]["url"]}}
        for section in ("database", "broker")
    }
    return {
        **found,
        "properties": {**found["properties"], **urls},
        "additionalProperties": of_an_account,
    }


SCHEMAS: Mapping[str, tuple[Callable[[], Schema], str]] = {
    "draft": (draft_schema, "posts/*.md"),
    "session": (session_schema, "posts/session.yaml"),
    "consents": (consents_schema, "posts/consents.yaml"),
    "settings": (settings_schema, "publisher.toml"),
    "secrets": (secrets_schema, "secrets.toml"),
}
"""The schemas by name, with the file that each is for."""


def schema(name: str) -> Schema:
    """One complete schema in the current language. KeyError for a name not in `SCHEMAS`."""
    make, file = SCHEMAS[name]
    translated: Schema = _described(make(), _)
    return {"$schema": DIALECT, "title": file, **translated}


def text(name: str) -> str:
    """One schema as the text of its file."""
    return json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"


def texts() -> Iterator[str]:
    """The descriptions of all keys in all schemas, in English, for the catalogues."""
    found: dict[str, str] = {}
    for make, _file in SCHEMAS.values():
        _described(make(), lambda text: found.setdefault(text, text))
    yield from found


def _described(schema: Any, say: Callable[[str], str]) -> Any:
    """The schema with its descriptions as `say` gives them."""
    if isinstance(schema, list):
        return [_described(item, say) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        # A key that several channels have, with a meaning of its own on each, has a line for each.
        key: "\n".join(map(say, value.split("\n")))
        if key == "description" and isinstance(value, str)
        else _described(value, say)
        for key, value in schema.items()
    }


class _Generator(GenerateJsonSchema):
    """Schemas as the files need them: durations like 45m, and no null, which TOML has not."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        del schema
        return dict(_DURATION)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            seconds = dft.total_seconds()
            if seconds % 1:
                return f"{seconds:g}s"
            seconds = int(seconds)
            units = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
            size, unit = next(pair for pair in units if seconds % pair[0] == 0)
            return f"{seconds // size}{unit}"
        return None if dft is None else super().encode_default(dft)


def _of_settings(*, secret: bool) -> Schema:
    whole = Settings.model_json_schema(schema_generator=_Generator)
    definitions = whole.pop("$defs")
    of_sections = [(_section(name), schema) for name, schema in definitions.items()]
    for model, schema in [(Settings, whole), *of_sections]:
        for base in model.__mro__:
            for field, text in _docstrings(base).items():
                schema["properties"][field].setdefault("description", text)
    servers = [spec.server.setting for spec in SPECS.values() if spec.server]
    for name in ("workspace", *servers):  # in no file
        del whole["properties"][name]
    found = _kept(_resolved(whole, definitions), secret=secret)
    if found is None:
        raise ValueError("no setting is secret, or all of them are")
    return found


def _section(name: str) -> type:
    found: type = next(getattr(module, name) for module in _MODULES if hasattr(module, name))
    return found


@cache
def _docstrings(model: type) -> dict[str, str]:
    """The docstrings of a model's fields; none for a model generated from the channels."""
    module = inspect.getmodule(model)
    if module not in _MODULES:
        return {}
    tree = ast.parse(inspect.getsource(module))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    body = next((node.body for node in classes if node.name == model.__name__), [])
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _resolved(schema: Any, definitions: Mapping[str, Schema]) -> Any:
    """The schema with each reference resolved, and without pydantic's titles and empty defaults."""
    if isinstance(schema, list):
        return [_resolved(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved({**definitions[name], **{k: v for k, v in schema.items() if k != "$ref"}},
                         definitions)  # fmt: skip
    return {
        key: {name: _resolved(inner, definitions) for name, inner in value.items()}
        if key == "properties"
        else _resolved(value, definitions)
        for key, value in schema.items()
        if key != "title" and not (key == "default" and value in (None, [], {}))
    }


def _kept(schema: Schema, *, secret: bool) -> Schema | None:
    """The schema with only its secret properties, or without them; None if nothing is left."""
    if "properties" not in schema:
        inner = schema.get("additionalProperties")
        if isinstance(inner, dict):
            kept = _kept(inner, secret=secret)
            return None if kept is None else {**schema, "additionalProperties": kept}
        return schema if ("writeOnly" in str(schema)) is secret else None
    properties = {
        name: kept
        for name, inner in schema["properties"].items()
        if (kept := _kept(inner, secret=secret)) is not None
    }
    if not properties:
        return None
    required = [name for name in schema.get("required", ()) if name in properties]
    rest = {key: value for key, value in schema.items() if key not in ("required", "default")}
    return {**rest, "properties": properties, **({"required": required} if required else {})}
