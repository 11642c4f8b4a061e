"""The files of a fresh workspace. They pass `check`, and nothing in them can go out by mistake."""

from datetime import date, timedelta

from publisher import schemas

SETTINGS = """\
#:schema ./{schemas}/settings.json
# The accounts and settings of this workspace. This file holds no secrets.

language = "{language}"  # of messages and pages: en, fr, es or pl

# One table for each account that you publish with, under the name by which drafts
# call it. What it needs to log in goes into secrets.toml.

[accounts.our-x]
channel = "twitter"
organisation = "Our organisation"
language = "{language}"

[accounts.our-page]
channel = "facebook"
organisation = "Our organisation"
language = "{language}"
page_id = "100200300"  # the number of your Facebook Page

[accounts.our-site]  # pages and feeds in var/site/, ready for any web server
channel = "site"
organisation = "Our organisation"
language = "{language}"
"""

SECRETS = """\
#:schema ./{schemas}/secrets.json
# What the accounts need to log in. Keep this file to yourself: git leaves it out,
# and only you may read it. docs/credentials.md shows where these come from.
# Take away the # in front of the lines once you have them.

# [our-x]
# api_key = ""
# api_secret = ""
# access_token = ""
# access_token_secret = ""

# [our-page]
# page_token = ""
# app_secret = ""
"""

SESSION = """\
# yaml-language-server: $schema=../{schemas}/session.json
# The session that the posts follow. When a time changes here, every post that
# hangs on it moves with it: run `publisher queue` afterwards.

name: Our session
timezone: Europe/Zurich
starts: {starts}
ends: {ends}

defaults:
  to: all        # accounts, channels, or all: every account in the draft's language
  expires: 4h    # later than this after its time, a post is dropped, not published late

agenda:
  opening:
    title: Opening of the session
    starts: {starts} 10:00
    ends: {starts} 12:00
    place: Palais des Nations, room XX
"""

EXAMPLE = """\
---
# A draft without a time is checked, and never published. To give this one its
# time, half an hour before the item `opening` of session.yaml, take away the
# "# " in front of the next line.
# at: opening - 30m
---
{text}

## twitter
{text}

---
{second}
"""
_TEXTS = {
    "en": (
        "The session begins in half an hour. Follow it with us!",
        "This is the second message of a thread: a line of three dashes begins a new one.",
    ),
    "fr": (
        "La session commence dans une demi-heure. Suivez-la avec nous !",
        "Voici le deuxième message d'un fil : une ligne de trois tirets en commence un autre.",
    ),
    "es": (
        "La sesión empieza dentro de media hora. ¡Síguela con nosotros!",
        "Este es el segundo mensaje de un hilo: una línea de tres guiones empieza otro.",
    ),
    "pl": (
        "Sesja zaczyna się za pół godziny. Śledźcie ją razem z nami!",
        "To druga wiadomość wątku: linia z trzech kresek zaczyna następną.",
    ),
}

IGNORED = ("var/", "secrets.toml")


def files(language: str, today: date) -> dict[str, str]:
    """The texts by path. The session begins on a Monday about a month from `today`."""
    starts = today + timedelta(days=35 - today.weekday())
    ends = starts + timedelta(days=11)
    text, second = _TEXTS[language]
    return {
        "publisher.toml": SETTINGS.format(language=language, schemas=schemas.FOLDER),
        "secrets.toml": SECRETS.format(schemas=schemas.FOLDER),
        "posts/session.yaml": SESSION.format(starts=starts, ends=ends, schemas=schemas.FOLDER),
        f"posts/welcome.{language}.md": EXAMPLE.format(text=text, second=second),
        **{f"{schemas.FOLDER}/{name}.json": schemas.text(name) for name in schemas.SCHEMAS},
    }
