"""The files of a fresh workspace. They pass `check`, and nothing in them can go out by mistake.

Their comments are in the language that is spoken.
"""

import textwrap
from collections.abc import Mapping
from datetime import date, timedelta

from publisher.base.i18n import _
from publisher.channels.registry import CAPABILITIES, SPECS
from publisher.drafts import alarm_words, json_schema

_WIDTH = 88

_SETTINGS = """\
#:schema ./{schemas}/settings.json
{about}

language = "{language}"  {languages}
{approval}
{accounts}
{tables}"""

_APPROVAL = """
[approval]
required = true  {about}
"""

_SECRETS = """\
#:schema ./{schemas}/secrets.json
{about}
{tables}"""

_SESSION = """\
# yaml-language-server: $schema=../{schemas}/session.json
{about}

name: {name}
timezone: Europe/Zurich
starts: {starts}
ends: {ends}

defaults:
  expires: 4h    {expires}
{to}

agenda:
  opening:
    title: {opening}
    starts: {starts} 10:00
    ends: {starts} 12:00
    place: {place}
"""

_EXAMPLE = """\
---
{about}
# at: opening - 30m
to: [{to}]
---
{text}
{section}"""

_THREAD = """
## {channel}
{text}

---
{second}
"""

IGNORED = ("var/", "secrets.toml", ".secrets.toml.*")


def samples() -> dict[str, str]:
    """An account of each channel: its channel by its name."""
    return {
        spec.sample.name if spec.sample else f"our-{name}": name for name, spec in SPECS.items()
    }


def files(
    language: str, today: date, accounts: Mapping[str, str], *, approval: bool = False
) -> dict[str, str]:
    """The texts by path. The session begins on a Monday about a month from `today`.

    `accounts`: the channel of each, by name. `approval`: a second person approves each post.
    """
    return {
        "publisher.toml": _settings(language, accounts, approval=approval),
        "secrets.toml": _secrets(accounts),
        "posts/session.yaml": _session(today + timedelta(days=35 - today.weekday())),
        alarm_words.FILE: _alarm_words(),
        f"posts/welcome.{language}.md": _example(accounts),
        **{
            f"{json_schema.FOLDER}/{name}.json": json_schema.text(name)
            for name in json_schema.SCHEMAS
        },
    }


def _settings(language: str, accounts: Mapping[str, str], *, approval: bool) -> str:
    return _SETTINGS.format(
        schemas=json_schema.FOLDER,
        about=_comment(_("The accounts and settings of this workspace. This file holds no secrets.")),
        language=language,
        languages=_aside(_("of messages and pages: en, fr, es or pl")),
        approval=_APPROVAL.format(
            about=_aside(_("a second person looks at each post before it goes out"))
        ) if approval else "",
        accounts=_comment(_(
            "One table for each account that you publish with, under the name that drafts use "
            "for it. What it needs to log in goes into secrets.toml."
        )),
        tables="".join(_account(name, channel, language) for name, channel in accounts.items()),
    )  # fmt: skip


def _account(name: str, channel: str, language: str) -> str:
    spec = SPECS[channel]
    about = f"  {_aside(_(spec.sample.about))}" if spec.sample and spec.sample.about else ""
    lines = [
        f"[accounts.{name}]{about}",
        f'channel = "{channel}"',
        f'organisation = "{_("Our organisation")}"',
        f'language = "{language}"',
    ]
    for option in spec.options:
        if option.example:
            sign = "" if option.required else "# "
            lines += [_comment(_(option.about)), f'{sign}{option.name} = "{option.example}"']
    return "\n".join(("", *lines, ""))


def _secrets(accounts: Mapping[str, str]) -> str:
    about = _(
        "What the accounts need to log in. Keep this file to yourself: git leaves it out, and "
        "only you can read it. `publisher connect ACCOUNT` fills it in for you. To do it by "
        "hand, remove the # in front of the lines once you have the values; `publisher help "
        "credentials` shows where they come from."
    )
    tables = [
        "\n".join((f"\n# [{name}]", *(f'# {key} = ""' for key in SPECS[channel].required), ""))
        for name, channel in accounts.items()
        if SPECS[channel].required
    ]
    return _SECRETS.format(
        schemas=json_schema.FOLDER, about=_comment(about), tables="".join(tables)
    )


def _session(starts: date) -> str:
    return _SESSION.format(
        schemas=json_schema.FOLDER,
        about=_comment(_(
            "The session that the posts follow. When a time changes here, every post that hangs "
            "on it moves with it: run `publisher queue` afterwards."
        )),
        name=_("Our session"),
        starts=starts,
        ends=starts + timedelta(days=11),
        to=_comment(_("With `to:` here, drafts that name no account would go to these.")),
        expires=_aside(_("a post that is later than this is dropped, not published late")),
        opening=_("Opening of the session"),
        place=_("Palais des Nations, room XX"),
    )  # fmt: skip


def _alarm_words() -> str:
    about = _(
        "When a reader's comment has one of these words or phrases in it, the person on duty "
        "is called. A word may end with *, for any ending; case and accents do not matter. "
        "Make the list your own."
    )
    return f"{_comment(about)}\n{alarm_words.SAMPLE}"


def _example(accounts: Mapping[str, str]) -> str:
    about = _(
        "A draft without a time is checked, but never published. Write your own words below, "
        'then remove the "# " in front of the next line: it goes out half an hour before the '
        "item `opening` of session.yaml. A line of three dashes begins the next part of a "
        "thread."
    )
    text = _("The session begins in half an hour. Follow it with us!")
    second = _("We report on it every day, from the first word to the last.")
    threaded = [name for name, channel in accounts.items() if CAPABILITIES[channel].threads]
    to = next(iter(threaded or accounts), "")
    section = _THREAD.format(channel=accounts[to], text=text, second=second) if threaded else ""
    return _EXAMPLE.format(about=_comment(about), to=to, text=text, section=section)


def _aside(text: str) -> str:
    """A comment behind a value."""
    return f"# {text}"


def _comment(text: str) -> str:
    """Lines of their own."""
    return textwrap.fill(
        text, _WIDTH, initial_indent="# ", subsequent_indent="# ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
