"""Consents for their page: what uses each, and changes of them with what they drag along."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

from publisher.app import Application
from publisher.drafts.consents import FILE, Consent
from publisher.drafts.consents_file import ConsentsFile
from publisher.ledger.manager.file_changes import FileChange
from publisher.ledger.manager.rights import Rank
from publisher.ledger.manager.withdrawals import WITHDRAWABLE
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.posts import Post
from publisher.model.states import ENDED_UNSENT, State
from publisher.planning import impact
from publisher.planning.impact import Effects
from publisher.web import labels, shared_change
from publisher.web.draft_cache import KnownDrafts
from publisher.web.shared_change import SharedChange

_SOON = timedelta(days=30)
_NO_EFFECTS = Effects((), (), ())


class ConsentTerm(IntEnum):
    """How a consent stands; in the order of the list."""

    ENDING = 0
    HOLDS = 1
    ENDED = 2
    WITHDRAWN = 3


@dataclass(frozen=True, slots=True)
class ConsentUse:
    """A post that shows pictures with a consent."""

    post: str
    words: str
    pictures: Sequence[str]
    """Their alternative texts."""
    due_at: datetime | None
    states: Sequence[State]
    """Of its deliveries; empty: it is not queued."""


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A consent in the list."""

    record: Consent
    term: ConsentTerm
    uses: Sequence[ConsentUse]

    @property
    def pictures(self) -> int:
        return sum(len(use.pictures) for use in self.uses)

    @property
    def published(self) -> int:
        """Posts that are out."""
        return sum(State.PUBLISHED in use.states for use in self.uses)


def rows(app: Application, file: ConsentsFile, drafts: KnownDrafts) -> list[ConsentRow]:
    """The consents, those that end soon first."""
    uses = _uses(app, drafts)
    today = app.clock.now().astimezone(drafts.session.zone).date()
    found = [
        ConsentRow(record, term(record, today), uses.get(name, ()))
        for name, record in file.records.items()
    ]
    return sorted(found, key=lambda row: (row.term, row.record.until or date.max, row.record.id))


def term(record: Consent, today: date) -> ConsentTerm:
    """How a consent stands on a day of the session's zone."""
    if record.withdrawn:
        return ConsentTerm.WITHDRAWN
    if record.until is None or record.until > today + _SOON:
        return ConsentTerm.HOLDS
    return ConsentTerm.ENDED if record.until < today else ConsentTerm.ENDING


def _uses(app: Application, drafts: KnownDrafts) -> Mapping[str, list[ConsentUse]]:
    """The posts that use each consent, by their drafts, in the order of their times."""
    shown: dict[str, list[tuple[Post, list[str]]]] = defaultdict(list)
    for post in drafts.posts.values():
        for name in dict.fromkeys(name for item in post.media for name in item.consents):
            shown[name].append((post, [i.alt for i in post.media if name in i.consents]))
    ids = sorted({post.id for found in shown.values() for post, _alts in found})
    states = defaultdict(list)
    for brief in app.queries.in_brief(ids, and_under_way=False) if ids else ():
        states[brief.post].append(brief.state)
    return {
        name: sorted(
            (
                ConsentUse(post.id, labels.first_words(post), alts, post.not_before,
                    list(dict.fromkeys(states[post.id])))
                for post, alts in found
            ),
            key=lambda use: (use.due_at is None, use.due_at, use.post),
        )
        for name, found in shown.items()
    }  # fmt: skip


def added(app: Application, seen: ConsentsFile, record: Consent) -> SharedChange:
    """A new record: nothing on the schedule follows. Raises UsageError for a wrong id."""
    revised = seen.with_record(record)
    facts = {
        "consent": record.id,
        "organisations": ", ".join(sorted(record.granted_to)),
        "channels": ", ".join(sorted(record.channels or ())),
        "last_day": _day(record.until),
    }
    step = Event.CONSENT_ADDED, {key: value for key, value in facts.items() if value}
    return _prepared(app, seen, revised, _NO_EFFECTS, step, Rank.STAFF)


def ended(
    app: Application, seen: ConsentsFile, drafts: KnownDrafts, name: str, until: date | None
) -> SharedChange:
    """Another last day, with what it drags along. Raises UsageError if there is no such record."""
    revised = seen.with_end(name, until)
    before = seen.record(name).until
    detail = {"consent": name, "last_day": {"from": _day(before), "to": _day(until)}}
    users = [
        post.id for post in drafts.posts.values() if any(i.consent == name for i in post.media)
    ]
    effects = _NO_EFFECTS
    if users:
        paths = [app.settings.posts / f"{post}.md" for post in users]
        effects = impact.compared(
            app.settings, app.queries, app.clock.now(),
            app.checked(paths),
            app.checked(paths, revised.records),
        )  # fmt: skip
    return _prepared(app, seen, revised, effects, (Event.CONSENT_CHANGED, detail), Rank.MANAGER)


def _prepared(
    app: Application,
    seen: ConsentsFile,
    revised: ConsentsFile,
    effects: Effects,
    step: tuple[Event, Mapping[str, object]],
    rank: Rank,
) -> SharedChange:
    return shared_change.prepared(
        app, effects,
        file=FILE,
        data=revised.data or b"",
        steps=[step],
        save=lambda: seen.save(revised),
        put_back=lambda: revised.save(seen),
        records=revised.records,
        rank=rank,
    )  # fmt: skip


def withdrawn(seen: ConsentsFile, name: str, reason: str) -> FileChange | None:
    """The change of the file by which a consent is withdrawn; None: the file says so already."""
    if seen.record(name).withdrawn:
        return None
    revised = seen.with_withdrawal(name)
    detail = {"consent": name, "reason": reason}
    return FileChange(
        FILE,
        [(Event.CONSENT_WITHDRAWN, detail)],
        save=lambda: seen.save(revised),
        put_back=lambda: revised.save(seen),
    )


class Fate(IntEnum):
    """What a withdrawal does with a delivery."""

    TAKEN_DOWN = 0
    HELD = 1
    UNCLEAR = 2
    """It may be out, or is going out."""
    STAYS = 3
    """It is held already."""


def concerned(app: Application, name: str) -> list[tuple[Delivery, Fate]]:
    """The deliveries that a withdrawal of the consent concerns; what is out comes first."""
    found = [(one, _fate(one)) for one in app.delivery.withdrawal.showing(name)]
    return sorted(found, key=lambda pair: (pair[1], pair[0].not_before, pair[0].id))


def _fate(delivery: Delivery) -> Fate:
    if delivery.remote_ids and delivery.state in WITHDRAWABLE:
        return Fate.TAKEN_DOWN
    if delivery.may_be_out or delivery.state is State.PUBLISHING:
        return Fate.UNCLEAR
    return Fate.STAYS if delivery.state in (State.HELD, *ENDED_UNSENT) else Fate.HELD


def mark_of(found: Sequence[tuple[Delivery, Fate]]) -> str:
    """The digest of what a person sees of a withdrawal: each delivery with what becomes of it."""
    shown = " ".join(f"{delivery.id}:{fate:d}" for delivery, fate in found)
    return hashlib.sha256(shown.encode()).hexdigest()


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
