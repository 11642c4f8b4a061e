"""The files of a fresh workspace. They pass `check`, and nothing in them can go out by mistake.

Their comments are in the language that is spoken.
"""

import textwrap
from datetime import date, timedelta

from publisher.base.i18n import _
from publisher.drafts import json_schema

_WIDTH = 88

_SETTINGS = """\
#:schema ./{schemas}/settings.json
{about}

language = "{language}"  {languages}

{accounts}

[accounts.our-x]
channel = "twitter"
organisation = "{organisation}"
language = "{language}"
# handle = "our_name"  {handle}

[accounts.our-page]
channel = "facebook"
organisation = "{organisation}"
language = "{language}"
page_id = "100200300"  {page}

[accounts.our-site]  {site}
channel = "site"
organisation = "{organisation}"
language = "{language}"
"""

_SECRETS = """\
#:schema ./{schemas}/secrets.json
{about}

# [our-x]
# api_key = ""
# api_secret = ""
# access_token = ""
# access_token_secret = ""

# [our-page]
# page_token = ""
# app_secret = ""
"""

_SESSION = """\
# yaml-language-server: $schema=../{schemas}/session.json
{about}

name: {name}
timezone: Europe/Zurich
starts: {starts}
ends: {ends}

defaults:
  to: all        {to}
  expires: 4h    {expires}

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
---
{text}

## twitter
{text}

---
{second}
"""

IGNORED = ("var/", "secrets.toml")


def files(language: str, today: date) -> dict[str, str]:
    """The texts by path. The session begins on a Monday about a month from `today`."""
    return {
        "publisher.toml": _settings(language),
        "secrets.toml": _secrets(),
        "posts/session.yaml": _session(today + timedelta(days=35 - today.weekday())),
        f"posts/welcome.{language}.md": _example(),
        **{
            f"{json_schema.FOLDER}/{name}.json": json_schema.text(name)
            for name in json_schema.SCHEMAS
        },
    }


def _settings(language: str) -> str:
    return _SETTINGS.format(
        schemas=json_schema.FOLDER,
        about=_comment(_("The accounts and settings of this workspace. This file holds no secrets.")),
        language=language,
        languages=_aside(_("of messages and pages: en, fr, es or pl")),
        accounts=_comment(_(
            "One table for each account that you publish with, under the name by which drafts "
            "call it. What it needs to log in goes into secrets.toml."
        )),
        organisation=_("Our organisation"),
        handle=_aside(_("whose keys these must be; with others nothing goes out")),
        page=_aside(_("the number of your Facebook Page")),
        site=_aside(_("pages and feeds in var/site/, ready for any web server")),
    )  # fmt: skip


def _secrets() -> str:
    about = _(
        "What the accounts need to log in. Keep this file to yourself: git leaves it out, and "
        "only you may read it. docs/credentials.md shows where these come from. Take away the # "
        "in front of the lines once you have them."
    )
    return _SECRETS.format(schemas=json_schema.FOLDER, about=_comment(about))


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
        to=_aside(_("accounts, channels, or all: every account in the draft's language")),
        expires=_aside(_("later than this after its time, a post is dropped, not published late")),
        opening=_("Opening of the session"),
        place=_("Palais des Nations, room XX"),
    )  # fmt: skip


def _example() -> str:
    about = _(
        "A draft without a time is checked, and never published. To give this one its time, half "
        'an hour before the item `opening` of session.yaml, take away the "# " in front of the '
        "next line."
    )
    return _EXAMPLE.format(
        about=_comment(about),
        text=_("The session begins in half an hour. Follow it with us!"),
        second=_(
            "This is the second message of a thread: a line of three dashes begins a new one."
        ),
    )


def _aside(text: str) -> str:
    """A comment behind a value."""
    return f"# {text}"


def _comment(text: str) -> str:
    """Lines of their own."""
    return textwrap.fill(
        text, _WIDTH, initial_indent="# ", subsequent_indent="# ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
