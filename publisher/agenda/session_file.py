"""posts/session.yaml as somebody saw it, and as it is to be."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.agenda.changes import ItemChange
from publisher.base import formats
from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.drafts import session_reader, text_files
from publisher.drafts.replace import replace
from publisher.drafts.session import FILE, Session
from publisher.drafts.times import AgendaItem, spelled
from publisher.drafts.yaml_patch import Patches, Unpatchable
from publisher.model.problems import Findings
from publisher.model.values import Position, Problem, Severity

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class SessionFile:
    """The file's bytes, and what they mean."""

    path: Path
    data: bytes
    session: Session
    problems: tuple[Problem, ...]

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal: a change says with it which version it was made to."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]


def read(posts: Path) -> SessionFile:
    """The file as it is now, with its problems; UsageError if there is none."""
    path = posts / "session.yaml"
    if not path.exists():
        hint = _(
            "Write one with `timezone:` and `agenda:`; `publisher help session` shows an example."
        )
        raise UsageError(_("There is no {file}.", file=FILE), hint=hint)
    findings = Findings(FILE)
    data = text_files.read_bytes(path, findings)
    if data is None:
        return SessionFile(path, b"", Session(), tuple(findings.problems))
    return _understood(path, data, findings)


def revise(file: SessionFile, changes: Sequence[ItemChange]) -> SessionFile:
    """The file with these changes and every other byte as it was; what would be wrong is in it.

    `file` is one without errors. NotPossible if it is written in a way that only a person can
    change.
    """
    text = file.data.decode("utf-8")
    bom = _BOM if text.startswith(_BOM) else ""
    try:
        patched = _patched(text.removeprefix(_BOM), changes, file.session.zone)
    except Unpatchable:
        raise _for_a_person(changes, file.session.zone) from None
    revised = _understood(file.path, f"{bom}{patched}".encode(), Findings(FILE))
    agenda = {**file.session.agenda, **{change.after.name: change.after for change in changes}}
    wanted = file.session.model_copy(update={"agenda": agenda})
    if not revised.errors and revised.session != wanted:
        raise _for_a_person(changes, file.session.zone)
    return revised


def save(seen: SessionFile, revised: SessionFile) -> None:
    """Put the revised file in the place of the one that was seen, whole or not at all.

    FileChanged or StorageError, as `replacing.replace` says.
    """
    replace(seen.path, FILE, seen.data, revised.data)


def _understood(path: Path, data: bytes, findings: Findings) -> SessionFile:
    if len(data) > text_files.MAX_BYTES:  # it could never be read again
        message = _(
            "It would have {number} bytes; Publisher reads at most {limit}.",
            number=formats.number(len(data)),
            limit=formats.number(text_files.MAX_BYTES),
        )
        findings.error("file-too-big", Position(), message)
    text = text_files.decode(data, findings)
    session = Session() if text is None else session_reader.parse(text, findings)
    return SessionFile(path, data, session, tuple(findings.problems))


def _patched(text: str, changes: Sequence[ItemChange], zone: ZoneInfo) -> str:
    patches = Patches(text)
    for change in changes:
        if change.before:
            for key, new in _values(change.after, zone, patches, change.before).items():
                patches.set(("agenda", change.after.name, key), new)
            for key in _removed(change):
                patches.remove(("agenda", change.after.name, key))
    if added := {c.after.name: _values(c.after, zone) for c in changes if not c.before}:
        patches.add("agenda", added)
    return patches.text()


def _values(
    item: AgendaItem,
    zone: ZoneInfo,
    patches: Patches | None = None,
    before: AgendaItem | None = None,
) -> dict[str, str]:
    """What is written for an item, by key; where there is one `before`, only what differs from it.

    Times keep the shape that they have in the file.
    """

    def time(key: str, instant: datetime) -> str:
        old = patches.value(("agenda", item.name, key)) if patches else None
        return spelled(instant, zone, old.strip()) if old else spelled(instant, zone)

    values: dict[str, str] = {}
    if item.title and item.title != (before and before.title):
        values["title"] = item.title
    if item.starts_at != (before and before.starts_at):
        values["starts"] = time("starts", item.starts_at)
    if item.ends_at and item.ends_at != (before and before.ends_at):
        values["ends"] = time("ends", item.ends_at)
    if item.place and item.place != (before and before.place):
        values["place"] = item.place
    if item.cancelled != (before is not None and before.cancelled):
        values["cancelled"] = "true" if item.cancelled else "false"
    if item.uid and item.uid != (before and before.uid):
        values["uid"] = item.uid
    return values


_OPTIONAL = {"title": "title", "ends": "ends_at", "place": "place"}
"""Keys that an item may lose, with their attributes."""


def _removed(change: ItemChange) -> Iterator[str]:
    """The keys that the item has no more."""
    for key, name in _OPTIONAL.items():
        if getattr(change.before, name, None) and not getattr(change.after, name):
            yield key


def _for_a_person(changes: Sequence[ItemChange], zone: ZoneInfo) -> NotPossible:
    lines = [
        f"`{change.after.name}`: "
        + ", ".join(
            [
                *(f"{key}: {value}" for key, value in _values(change.after, zone).items()),
                *(_("without {key}", key=key) for key in _removed(change)),
            ]
        )
        for change in changes
    ]
    message = _(
        "{file} is written in a way that only a person can change. Nothing was written.", file=FILE
    )
    return NotPossible(message, hint=_("Add it there by hand: {lines}", lines="; ".join(lines)))
