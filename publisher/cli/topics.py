"""What `publisher help TOPIC` explains, in the words of the schemas and of tables in the code."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from publisher.base.errors import EXIT_CODES
from publisher.base.i18n import _, later
from publisher.cli.arguments import USER_VARIABLE, WORKSPACE_VARIABLE

Rows = list[tuple[str, str]]

ENVIRONMENT = {
    WORKSPACE_VARIABLE: later("The workspace, as --workspace says it."),
    "PUBLISHER_SANDBOX": later("1: every command works on the sandbox, as with --sandbox."),
    USER_VARIABLE: later("Who acts, for the record, as --as says it."),
    "PUBLISHER_LANGUAGE": later("The language of messages: en, fr, es or pl."),
    "PUBLISHER_…": later(
        "Any key of publisher.toml: its path in capitals, joined by two underscores, such as "
        "PUBLISHER_DATABASE__URL."
    ),
    "NO_COLOR": later("No colours, also on a terminal."),
}
"""The variables that the command line reads; `publisher help environment` and the man page."""

_STATES = {
    "awaiting-approval": later("Somebody else than its author must approve it first."),
    "rejected": later("Sent back to its author; it does not go out until it is edited."),
    "scheduled": later("It goes out at its time."),
    "publishing": later("A worker has it in hand."),
    "published": later("It is out."),
    "uncertain": later(
        "It may be out or not. Publisher reads the platform; if it stays so, look at the account, "
        "then `publisher resolve` when it is there, `publisher retry` when it is not."
    ),
    "failed": later("The platform refused it for good. Mend the draft and queue it."),
    "missed": later("Its expiry passed before it could go out."),
    "held": later("A person, a cancelled agenda item or a consent that ended keeps it back."),
    "cancelled": later("It was taken off the schedule."),
    "withdrawn": later("It was out, and was deleted from the platform."),
}
"""In the order of publisher.model.states."""


def _states() -> Rows:
    return [(_(state), _(meaning)) for state, meaning in _STATES.items()]


def _exit_codes() -> Rows:
    return [(str(code), _(meaning)) for code, meaning in EXIT_CODES.items()]


def _environment() -> Rows:
    return [(name, _(meaning)) for name, meaning in ENVIRONMENT.items()]


def _keys_of(name: str) -> Callable[[], Rows]:
    """All keys of a file that people write, from its schema."""

    def rows() -> Rows:
        from publisher.drafts import json_schema

        return list(_keys(json_schema.schema(name)))

    return rows


def _keys(schema: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, inner in schema.get("properties", {}).items():
        if (about := _about(inner)) or "properties" not in inner:
            yield f"{above}{key}", about
        yield from _keys(inner.get("items", inner), f"{above}{key}.")
    below = schema.get("additionalProperties")
    if isinstance(below, dict):
        yield from _keys(below, f"{above}NAME.")


def _about(schema: Mapping[str, Any]) -> str:
    said = [" ".join(str(schema.get("description", "")).split())]
    if examples := schema.get("examples"):
        said.append(_("Such as {examples}.", examples=", ".join(map(str, examples))))
    default = schema.get("default", "")
    if default != "" and not isinstance(default, (dict, list)):
        said.append(f"[{_('default: {default}', default=default)}]")
    return " ".join(filter(None, said))


TOPICS: Mapping[str, tuple[str, Callable[[], Rows]]] = {
    "draft": (later("The keys at the top of a draft, posts/*.md"), _keys_of("draft")),
    "session": (later("The keys of posts/session.yaml"), _keys_of("session")),
    "consents": (later("The keys of posts/consents.yaml"), _keys_of("consents")),
    "settings": (later("The keys of publisher.toml"), _keys_of("settings")),
    "secrets": (later("The keys of secrets.toml"), _keys_of("secrets")),
    "states": (later("What may become of a post on an account"), _states),
    "environment": (later("Variables that commands read"), _environment),
    "exit-codes": (later("What a command ends with, for scripts"), _exit_codes),
}
"""By name: a heading, and what makes the table of terms below it."""
