"""Column recognition: the roles of a spreadsheet's columns, by their titles.

Titles are compared as slugs: case, accents, spaces, underscores and a remark in brackets do not
matter. The titles of Buffer and Sprout Social are included:
- Buffer (support.buffer.com/article/926-how-to-upload-posts-in-bulk-to-buffer): Text, Image URL,
  Tags, Posting Time; the time is empty for the next free slot.
- Sprout (support.sproutsocial.com/hc/en-us/articles/115005864203): date, time_24hr, message_text.
- Hootsuite (help.hootsuite.com/s/article/bulk-schedule): no header; date and time, message, link.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from publisher.base.i18n import _, later
from publisher.base.text import slug
from publisher.importers.items import Options
from publisher.importers.problems import FileRefused
from publisher.importers.tables import Row

ROLES: Mapping[str, str] = {
    "text": later("the text"),
    "at": later("the date, with or without a time"),
    "time": later("the time of day"),
    "link": later("the link"),
    "picture": later("the picture"),
    "to": later("who gets the post"),
    "lang": later("the language"),
}
"""The roles of columns, with names for `_`."""
REQUIRED = ("text", "at")
TITLES: Mapping[str, str] = {
    "text": "text message message-text post tweet content body "
    "texte contenu texto mensaje contenido "
    "tekst tresc wpis wiadomosc",
    "at": "at date datetime date-time date-and-time posting-time publish-date publication-date "
    "scheduled-at due date-et-heure date-heure date-de-publication jour fecha fecha-y-hora "
    "fecha-de-publicacion dia data data-i-godzina data-publikacji dzien termin",
    "time": "time time-24hr hour heure hora godzina czas",
    "link": "link link-url url lien enlace odnosnik",
    "picture": "picture picture-url image image-url photo photo-url visuel imagen foto "
    "obraz obrazek zdjecie",
    "to": "to account accounts channel channels profile network networks compte comptes canal "
    "canaux reseau reseaux cuenta cuentas canales red redes konto konta kanal kanaly",
    "lang": "lang language langue idioma lengua jezyk",
}
"""The titles of each role, in English, French, Spanish and Polish."""
_KNOWN = {title: role for role, titles in TITLES.items() for title in titles.split()}
_LOOKED_AT = 10
"""Rows that are searched for the header: a plan may have a title above it."""


class Preset(NamedTuple):
    """The properties of a service's file."""

    order: tuple[str, ...] = ()
    """The roles of its columns, if it has no header."""
    may_wait: bool = False
    """Whether a row may have no time."""


PRESETS: Mapping[str, Preset] = {
    "hootsuite": Preset(order=("at", "text", "link")),
    "buffer": Preset(may_wait=True),
}


class Table(NamedTuple):
    """A table: rows with a header."""

    header: Row
    """The titles; without a header, the roles."""
    roles: tuple[str, ...]
    """The role of each column; empty for an ignored column."""
    rows: Sequence[Row]


def recognise(rows: Sequence[Row], options: Options) -> Table:
    """Find the header and the role of each column. Raises FileRefused if that fails."""
    order = PRESETS[options.preset].order if options.preset else ()
    if order and any(character.isdigit() for character in rows[0].cells[0]):
        return Table(Row(rows[0].line, order), order, rows)
    found = [_roles(row.cells, options) for row in rows[:_LOOKED_AT]]
    at = next((n for n, roles in enumerate(found) if {*REQUIRED} <= {*roles}), 0)
    _verify(rows[at], found[at], options)
    if not rows[at + 1 :]:
        raise FileRefused("nothing-found", _("There are no rows below the header."))
    return Table(rows[at], found[at], rows[at + 1 :])


def _roles(titles: Sequence[str], options: Options) -> tuple[str, ...]:
    """The role of each title: from the options, else from the known titles."""
    said = {title.casefold(): role for role, title in options.columns.items() if title}
    taken = {role for role in ("to", "lang") if getattr(options, role)} | {*options.columns}
    roles = []
    for title in titles:
        known = _KNOWN.get(slug(title.partition("(")[0]), "")
        roles.append(said.get(title.casefold(), "" if known in taken else known))
    return tuple(roles)


def _verify(header: Row, roles: Sequence[str], options: Options) -> None:
    titles = ", ".join(f"`{title[:30]}`" for title in header.cells[:20] if title)
    for role, holds in ROLES.items():
        of_role = [n for n, other in enumerate(roles) if other == role]
        if len(of_role) > 1:
            named = " ".join(f"`{header.cells[n]}`" for n in of_role)
            message = _("Several columns could be {what}: {titles}.", what=_(holds), titles=named)
            hint = _(
                "Choose one: --column {role}=TITLE. If titles are alike, rename them.",
                role=role,
            )
            raise FileRefused("header", message, hint, line=header.line, column=of_role[1] + 1)
        if not of_role and (title := options.columns.get(role)):
            message = _(
                "No column is called “{title}”. There are: {titles}.", title=title, titles=titles
            )
            raise FileRefused("header", message, line=header.line)
        if not of_role and role in REQUIRED:
            message = _(
                "No column is recognised as {what}. There are: {titles}.",
                what=_(holds),
                titles=titles,
            )
            hint = _("Choose one: --column {role}=TITLE.", role=role)
            if any(character.isdigit() for character in header.cells[0]):
                hint += " " + _("Files from Hootsuite have no titles: --from hootsuite.")
            raise FileRefused("header", message, hint, line=header.line)
