"""The schemas take what the parsers take, and no key is known to one of them alone."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import BaseModel

from publisher.channels.registry import SPECS
from publisher.drafts import consents, json_schema, session_reader
from publisher.model.draft_keys import DRAFT_KEYS, MEDIA_KEYS
from publisher.settings.account_settings import AccountSettings
from publisher.settings.misplaced import SECRET_SECTIONS
from publisher.settings.settings import Settings
from tests.docs.conftest import DOCS, fences

ROOT = Path(__file__).parents[2]


class _Core(yaml.SafeLoader):
    """YAML as editors read it: 1.2, where a date and 12:30 are texts."""


_Core.yaml_implicit_resolvers = {
    sign: [(tag, rule) for tag, rule in rules if not tag.endswith(("timestamp", ":int"))]
    for sign, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(text: str) -> list[Any]:
    """As an editor reads it, and as Publisher does, to which every value is a text."""
    return [yaml.load(text, loader) for loader in (_Core, yaml.BaseLoader)]  # noqa: S506


def wrong(name: str, value: Any) -> list[str]:
    validator = Draft202012Validator(json_schema.schema(name))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def front(text: str) -> str:
    return text.removeprefix("---\n").partition("\n---\n")[0]


def examples() -> Iterator[tuple[str, str, str]]:
    """The files of the campaign and the pages, with the schema of each."""
    kinds = {
        r"posts/session\.yaml": "session",
        r"posts/consents\.yaml": "consents",
        r"publisher\.toml": "settings",
        r"secrets\.toml": "secrets",
        r"posts/.*\.md": "draft",
    }
    files = [(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
             for path in (*ROOT.glob("posts/**/*.md"), *ROOT.glob("posts/*.yaml"), ROOT / "publisher.toml")
             if path.name != "README.md"]  # fmt: skip
    pages = [path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")]
    files += [(fence.name, fence.text) for page in pages for fence in fences(page)]
    for file, text in files:
        for pattern, kind in kinds.items():
            if re.fullmatch(pattern, file):
                yield kind, file, text


EXAMPLES = [*examples()]


@pytest.mark.parametrize("name", json_schema.SCHEMAS)
def test_a_schema_is_one_of_draft_2020_12(name: str) -> None:
    found = json_schema.schema(name)
    Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$ref" not in json_schema.text(name)


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, _, text in EXAMPLES], ids=[e[1] for e in EXAMPLES]
)
def test_the_campaign_and_the_examples_of_the_pages_are_valid(kind: str, text: str) -> None:
    if kind in ("settings", "secrets"):
        values = [tomllib.loads(text)]
    else:
        values = _yaml(front(text) if kind == "draft" else text)
    assert [fault for value in values for fault in wrong(kind, value)] == []


def test_there_are_examples_of_each() -> None:
    assert {kind for kind, *_ in EXAMPLES} == set(json_schema.SCHEMAS)
    assert len(EXAMPLES) > 50


def test_every_key_of_a_parser_is_in_its_schema() -> None:
    of_draft = json_schema.schema("draft")["properties"]
    of_session = json_schema.schema("session")["properties"]
    of_consent = json_schema.schema("consents")["additionalProperties"]
    assert [*of_draft] == [*DRAFT_KEYS]
    assert [*of_draft["media"]["items"]["properties"]] == [*MEDIA_KEYS]
    assert [*of_session] == [*session_reader.KEYS]
    assert [*of_session["defaults"]["properties"]] == [*session_reader.DEFAULTS_KEYS]
    item = of_session["agenda"]["additionalProperties"]
    assert [*item["properties"]] == [*session_reader.ITEM_KEYS]
    assert [*of_consent["properties"]] == [*consents._KEYS]


def test_every_setting_is_in_one_of_its_schemas_and_no_secret_in_the_wrong_one() -> None:
    plain, secret = (_paths(json_schema.schema(name)) for name in ("settings", "secrets"))
    account = {f"accounts.*.{path}" for path in _fields(AccountSettings)}
    servers = {spec.server.setting for spec in SPECS.values() if spec.server}
    of_environment = {"workspace", "accounts", *servers}
    assert plain | secret == {*_fields(Settings), *account} - of_environment
    urls = {"database.url", "broker.url"}  # secret only where they hold a password
    assert plain & secret == urls
    # Whoever knows a heartbeat may ping it; an issuer is sent the client's secret, and with the
    # client's name and the claim it says who somebody is.
    words = (
        "key",
        "secret",
        "secrets",
        "token",
        "urls",
        "heartbeat",
        "mail",
        "issuer",
        "client_id",
        "claim",
        "server",
        "identifier",
        "user",
        "password",
        "user_id",
        "expires_at",
    )
    beside = {"notices.hosts", "webhooks.hosts"}  # no secrets, but in a section of them
    assert all(path.endswith(words) for path in secret - urls - beside)
    assert not any(path.endswith(words) for path in plain)


def _paths(schema: dict[str, Any], above: str = "") -> set[str]:
    found: set[str] = set()
    for name, inner in schema["properties"].items():
        if "properties" in inner:
            found |= _paths(inner, f"{above}{name}.")
        elif "properties" in (deeper := inner.get("additionalProperties") or {}):
            found |= _paths(deeper, f"{above}{name}.*.")
        else:
            found.add(f"{above}{name}")
    return found


def _fields(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        section = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        if section is not None and name != "accounts":
            yield from _fields(section, f"{above}{name}.")
        else:
            yield f"{above}{name}"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("draft", "att: 2016-03-07 08:30"),
        ("draft", "to: {a: b}"),
        ("draft", "repeat: maybe"),
        ("draft", "expires: 4 hours"),
        ("draft", "ignore: too-long"),
        ("draft", "link: www.example.org"),
        ("draft", "media: a.png"),
        ("draft", "media: [{file: a.png}]"),
        ("draft", "media: [{file: a.png, alt: A, alto: B}]"),
        ("session", "timezones: Europe/Zurich"),
        ("session", "starts: 29 février"),
        ("session", "agenda: {a: {title: A}}"),
        ("session", "agenda: {a: {starts: 2016-03-07 09:00, from: x}}"),
        ("session", "defaults: {at: x}"),
        ("consents", "a: {granted: x}"),
        ("consents", "a: {channels: [radio]}"),
    ],
)
def test_what_the_parser_refuses_by_its_shape_is_not_valid(kind: str, text: str) -> None:
    assert all(wrong(kind, value) for value in _yaml(text))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("settings", 'languages = "fr"'),
        ("settings", 'language = "de"'),
        ("settings", '[delivery]\nsettle = "PT1M"'),
        ("settings", '[lint]\nignore = ["too-long"]'),
        ("settings", '[accounts.a]\nlanguage = "fr"'),
        ("settings", '[accounts.a]\nchannel = "site"\napi_key = "x"'),
        ("settings", 'workspace = "x"'),
        ("settings", '[notices]\nurls = ["ntfys://a"]'),
        ("secrets", '[bice-x]\napi_kee = "x"'),
        ("secrets", '[bice-x]\nchannel = "twitter"'),
        ("secrets", "[notices]\nurls = 3"),
    ],
)
def test_what_the_settings_refuse_by_its_shape_is_not_valid(kind: str, text: str) -> None:
    assert wrong(kind, tomllib.loads(text))


def test_what_belongs_into_secrets_toml_is_in_its_schema_alone() -> None:
    """Where a URL stands, depends on whether it holds a password."""
    secret, plain = (json_schema.schema(name)["properties"] for name in ("secrets", "settings"))
    for section, keys in SECRET_SECTIONS.items():
        assert {*secret[section]["properties"]} == {*keys}, section
        open_to_all = plain.get(section, {"properties": {}})["properties"]
        assert {*open_to_all} & {*keys} <= {"url"}, section


def test_the_settings_say_what_they_are_for() -> None:
    """Editors show it: what stands below a field in the code."""
    delivery = json_schema.schema("settings")["properties"]["delivery"]["properties"]
    assert delivery["workers"]["description"] == "Worker processes that `publisher run` keeps."
    assert delivery["settle"]["default"] == "1m"
