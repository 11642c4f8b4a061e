"""Session file (posts/session.yaml): parsed into a `Session`, with what is wrong in it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.base import dates
from publisher.base.i18n import _
from publisher.base.text import did_you_mean, nearly
from publisher.drafts import text_files, yaml_tree, zone_hints
from publisher.drafts.fields import Fields
from publisher.drafts.session import FILE, LANGUAGE, Defaults, Session
from publisher.drafts.times import (
    SHAPE,
    AgendaItem,
    Moment,
    is_now,
    parse_time,
)
from publisher.model.problems import Findings, Flaw
from publisher.model.values import Position

KEYS = ("name", "timezone", "starts", "ends", "defaults", "agenda")
DEFAULTS_KEYS = ("to", "expires", "lang", "author")
ITEM_KEYS = ("title", "starts", "ends", "place", "cancelled", "uid")
_EVERYTHING = frozenset({"timezone", "agenda"} | {f"defaults.{key}" for key in DEFAULTS_KEYS})
_ITEM_NAME = re.compile(r"[^\W\d_][\w-]*")


def load(posts: Path, findings: Findings) -> Session:
    """Read posts/session.yaml; a missing file is an empty session."""
    path = posts / "session.yaml"
    if text_files.is_missing(path):
        return Session(is_missing=True)
    text = text_files.read(path, findings)
    return parse(text, findings) if text is not None else Session(flawed=_EVERYTHING)


def readable(posts: Path) -> Session:
    """The session as far as it can be read; `check` tells what is wrong with it."""
    path, unsaid = posts / "session.yaml", Findings(FILE)
    if text_files.is_missing(path):
        return Session(is_missing=True)
    text = text_files.read(path, unsaid)
    return Session(flawed=_EVERYTHING) if text is None else _parsed(text)


@lru_cache(maxsize=8)  # a page of a hundred posts asks for its zone with each time that it shows
def _parsed(text: str) -> Session:
    return parse(text, Findings(FILE))


def parse(text: str, findings: Findings) -> Session:
    """Parse the text of posts/session.yaml."""
    root = yaml_tree.mapping(text, findings)
    if root is None:
        return Session(flawed=_EVERYTHING) if findings.errors else Session()
    return _Reader(root, findings).session()


class _Reader:
    """Turns the tree into a Session and remembers what could not be read."""

    def __init__(self, root: yaml_tree.Mapping, findings: Findings) -> None:
        self._findings = findings
        self._fields = Fields(root, KEYS, findings)
        self._flawed: set[str] = set()

    def session(self) -> Session:
        fields = self._fields
        timezone = self._timezone()
        starts, ends = fields.day("starts"), fields.day("ends")
        if starts and ends and ends < starts:
            fields.reject(
                "ends", Flaw("ends-before-start", _("The session ends before it starts."))
            )
        return Session(
            name=fields.text("name"),
            timezone=timezone,
            starts=starts,
            ends=ends,
            defaults=self._defaults(),
            agenda=self._agenda(ZoneInfo(timezone or "UTC")),
            flawed=frozenset(self._flawed),
        )

    def _timezone(self) -> str | None:
        name = self._fields.text("timezone")
        if name is None:
            if "timezone" in self._fields:
                self._flawed |= {"timezone", "agenda"}
            else:
                message = _("{file} names no time zone, so local times are read as UTC.", file=FILE)
                hint = _("Add one, such as `timezone: Europe/Zurich`.")
                self._findings.warning("no-timezone", Position(), message, hint)
            return None
        if _is_zone(name):
            return name
        near = zone_hints.nearest(name)
        self._fields.reject(
            "timezone",
            Flaw(
                "unknown-zone",
                _("There is no time zone “{name}”.", name=name),
                did_you_mean(near)
                if near
                else _("Write an area and a city, such as Europe/Zurich."),
            ),
        )
        self._flawed |= {"timezone", "agenda"}
        return None

    def _defaults(self) -> Defaults:
        node = self._fields.mapping("defaults")
        if node is None:
            if "defaults" in self._fields:
                self._flawed |= {f"defaults.{key}" for key in DEFAULTS_KEYS}
            return Defaults()
        fields = Fields(node, DEFAULTS_KEYS, self._findings)
        defaults = Defaults(
            to=tuple(word for word, _ in fields.words("to") or ()),
            expires=fields.duration("expires"),
            lang=language(fields),
            author=fields.text("author"),
        )
        self._flawed |= {
            f"defaults.{key}"
            for key in DEFAULTS_KEYS
            if key in fields and not getattr(defaults, key)
        }
        return defaults

    def _agenda(self, zone: ZoneInfo) -> Mapping[str, AgendaItem]:
        node = self._fields.mapping("agenda")
        if node is None or "agenda" in self._flawed:
            if "agenda" in self._fields:
                self._flawed.add("agenda")
            return {}
        agenda: dict[str, AgendaItem] = {}
        for name, entry in node.entries.items():
            item = self._item(name, entry, zone)
            if item is None:
                self._flawed.add(f"agenda.{name}")
            else:
                agenda[name] = item
        self._check_uids(agenda, node)
        return agenda

    def _check_uids(self, agenda: Mapping[str, AgendaItem], node: yaml_tree.Mapping) -> None:
        """Report a calendar event that is two agenda items."""
        taken: dict[str, str] = {}
        for name, item in agenda.items():
            other = taken.setdefault(item.uid, name) if item.uid else name
            if other != name:
                message = _("“{name}” has the same `uid` as “{other}”.", name=name, other=other)
                hint = _("Delete the one that was copied.")
                self._findings.error("duplicate-uid", node.entries[name].key, message, hint)

    def _item(self, name: str, entry: yaml_tree.Entry, zone: ZoneInfo) -> AgendaItem | None:
        before = len(self._findings.problems)
        if not _ITEM_NAME.fullmatch(name):
            message = _("“{name}” cannot be the name of an agenda item.", name=name)
            hint = _("A name begins with a letter and contains only letters, digits, - and _.")
            self._findings.error("bad-value", entry.key, message, hint)
        if is_now(name):  # `at: now` would mean the item in one draft, and at once in another
            message = _("“{name}” cannot be the name of an agenda item.", name=name)
            hint = _("In drafts, `at: now` means at once. Give the item another name.")
            self._findings.error("bad-value", entry.key, message, hint)
        if not isinstance(entry.value, yaml_tree.Mapping):
            hint = _("Write its `title:` and `starts:` under it.")
            flaw = Flaw(
                "not-a-mapping", _("The agenda item “{name}” has no keys.", name=name), hint
            )
            self._findings.add(flaw, entry.value.position)
            return None
        fields = Fields(entry.value, ITEM_KEYS, self._findings)
        starts, ends = self._time(fields, "starts", zone), self._time(fields, "ends", zone)
        if "starts" not in fields:
            fields.missing(
                "starts", _("Posts are timed from an item's start: `starts: 2016-03-07 09:00`.")
            )
        if starts and ends and ends.instant <= starts.instant:
            fields.reject(
                "ends", Flaw("ends-before-start", _("“{name}” ends before it starts.", name=name))
            )
        title, place, uid = fields.text("title"), fields.text("place"), fields.text("uid")
        cancelled = fields.flag("cancelled") or False
        if starts is None or len(self._findings.problems) > before:
            return None
        return AgendaItem(
            name=name,
            title=title,
            starts_at=starts.instant,
            ends_at=ends.instant if ends else None,
            place=place,
            cancelled=cancelled,
            uid=uid,
        )

    def _time(self, fields: Fields, key: str, zone: ZoneInfo) -> Moment | None:
        text = fields.text(key)
        if text is None:
            return None
        moment = parse_time(text, zone)
        if isinstance(moment, Flaw):
            if moment.hint == _(SHAPE) and (near := dates.times(text, None)):
                moment = moment._replace(hint=nearly(near))
            fields.reject(key, moment)
            return None
        return moment


def _is_zone(name: str) -> bool:
    # `localtime` and similar lower-case names are files of this machine, not zones.
    try:
        return name[:1].isupper() and bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return False


def language(fields: Fields) -> str | None:
    """The value of `lang:`, a code such as `fr` or `pt-BR`."""
    code = fields.text("lang")
    if code is not None and not LANGUAGE.fullmatch(code):
        hint = _("Write it like fr, es or pt-BR.")
        fields.reject(
            "lang", Flaw("bad-language", _("“{code}” is not a language code.", code=code), hint)
        )
        return None
    return code
