"""Topics of `publisher help`: tables out of the schemas and the code, and pages of docs/."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import publisher
from publisher.base.errors import EXIT_CODES
from publisher.base.i18n import _, current, later
from publisher.cli.arguments import USER_VARIABLE, WORKSPACE_VARIABLE
from publisher.model.states import state_name

Rows = list[tuple[str, str]]

ENVIRONMENT = {
    WORKSPACE_VARIABLE: later("The workspace, as with --workspace."),
    "PUBLISHER_SANDBOX": later("1: every command works on the sandbox, as with --sandbox."),
    USER_VARIABLE: later("Who acts, for the record, as with --as."),
    "PUBLISHER_LANGUAGE": later("The language of messages: en, fr, es or pl."),
    "PUBLISHER_…": later(
        "Any key of publisher.toml: its path in capitals, joined by two underscores, such as "
        "PUBLISHER_DATABASE__URL."
    ),
    "NO_COLOR": later("No colours, even on a terminal."),
}
"""The variables that the command line reads; `publisher help environment` and the man page."""

_STATES = {
    "awaiting-approval": later("Someone other than its author must approve it first."),
    "rejected": later("Sent back to its author; it does not go out until it is edited."),
    "scheduled": later("It goes out at its time."),
    "publishing": later("A worker is working on it."),
    "published": later("It is out."),
    "uncertain": later(
        "It may be out or not. Publisher checks on the platform; if it stays so, look at the "
        "account, then run `publisher resolve` if it is there, `publisher retry` if it is not."
    ),
    "failed": later("The platform refused it for good. Correct the draft and queue it."),
    "missed": later("Its expiry passed before it could go out."),
    "held": later("A person, a cancelled agenda item or a consent that ended keeps it back."),
    "cancelled": later("It was taken off the schedule."),
    "withdrawn": later("It was out, and was deleted from the platform."),
}
"""In the order of publisher.model.states."""


def _states() -> Rows:
    """As people and, in brackets, as `publisher log --state` and scripts call them."""
    return [
        (state if (name := state_name(state)) == state else f"{name} ({state})", _(meaning))
        for state, meaning in _STATES.items()
    ]


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
    "states": (later("The states of a post on an account"), _states),
    "environment": (later("Variables that commands read"), _environment),
    "exit-codes": (later("The exit codes of commands, for scripts"), _exit_codes),
}
"""By name: a heading, and what makes the table of terms below it."""

PAGES: Mapping[str, tuple[str, str]] = {
    "tutorial": (later("The first ten minutes"), "guides/tutorial.{language}.md"),
    "writing": (later("The guide for those who write"), "guides/staff.{language}.md"),
    "managing": (later("The guide for managers"), "guides/manager.{language}.md"),
    "credentials": (later("Where the keys of each account come from"), "credentials.md"),
    "approval": (later("Who looks at a post before it goes out"), "approval.md"),
    "comments": (later("What readers write under posts"), "answers.md"),
    "notices": (later("Who is notified when something needs attention"), "notices.md"),
    "pages": (later("The web pages: who may do what, and behind a proxy"), "web.md"),
    "deployment": (later("On a server: set up, back up, update"), "deployment.md"),
}
"""By name: a heading, and the page of the documentation; the guides are in each language."""

ALL: Mapping[str, tuple[str, object]] = {**TOPICS, **PAGES}

_PICTURE = re.compile(r"^!\[.*\n+", re.MULTILINE)
_LINK_WITHIN = re.compile(r"\[([^][]*)\]\((?!https?:)[^()]*\)")


def page(topic: str) -> str:
    """The Markdown of a page, without what a terminal cannot show: pictures, and links between
    pages.
    """
    package = Path(publisher.__file__).parent
    packaged = package / "docs"  # so it is in a wheel
    folder = packaged if packaged.is_dir() else package.parent / "docs"
    path = folder / PAGES[topic][1].format(language=current())
    return _LINK_WITHIN.sub(r"\1", _PICTURE.sub("", path.read_text(encoding="utf-8")))
