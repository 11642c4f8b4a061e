"""Troubles: problems that stop posts from going out, with message and hint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from publisher.base.i18n import _, joined, later, plural
from publisher.channels.registry import in_sentence
from publisher.ledger.heartbeats import SILENT_AFTER, Heartbeat, ProcessKind
from publisher.ledger.replication_lag import Crowd
from publisher.model.clock_check import told_of

_NAMED = 10  # settings that a message names


class Subject(StrEnum):
    """The subject of a trouble."""

    LEDGER = "ledger"
    DISK = "disk"
    CLOCK = "clock"
    BROKER = "broker"
    DISPATCHERS = "dispatchers"
    WORKERS = "workers"
    PUBLISHING = "publishing"
    PLATFORMS = "platforms"
    BACKUPS = "backups"
    REDUNDANCY = "redundancy"
    SETTINGS = "settings"


SEVERAL = frozenset({Subject.REDUNDANCY, Subject.SETTINGS})
"""The subjects of which there may be several troubles at a time."""
WARNINGS = SEVERAL | {Subject.BACKUPS}
"""The subjects of what stops no post yet."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem that stops posts from going out, or soon may, or may lose the ledger.

    It contains no secret or address, and no path but that of the backups.
    """

    subject: Subject
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


def of_clocks(clocks: Mapping[str, timedelta]) -> Trouble:
    """The trouble of wrong clocks on these hosts; see `heartbeats.wrong_clocks`."""
    hint = _(
        "Nothing is sent from there until it is right. Let a time server set it "
        "(systemd-timesyncd, chrony). Publishing then continues by itself."
    )
    return Trouble(
        Subject.CLOCK, " ".join(told_of(host, ahead) for host, ahead in clocks.items()), hint
    )


def of_crowds(crowds: Sequence[Crowd]) -> Trouble:
    """The trouble of many uncertain posts: of platforms that may be overloaded, or of ourselves."""
    hint = _(
        "Publisher looks for them there, and waits longer than usual before it sends any of them "
        "again."
    )
    status = _("The platform's status page shows whether it has a known problem.")
    logs = _("The logs of the workers say what happened there.")
    more = [
        *([status] if any(not one.is_our_own for one in crowds) else []),
        *([logs] if any(one.is_our_own for one in crowds) else []),
    ]
    return Trouble(Subject.PLATFORMS, " ".join(map(_of_crowd, crowds)), joined(hint, *more))


def _of_crowd(crowd: Crowd) -> str:
    if crowd.is_our_own:
        return plural(
            "Workers ended, or did not reach the ledger, before they recorded what {platform} "
            "answered: for {number} post, it is not known whether it is out.",
            "Workers ended, or did not reach the ledger, before they recorded what {platform} "
            "answered: for {number} posts, it is not known whether they are out.",
            crowd.number,
            platform=in_sentence(crowd.channel),
        )
    told = plural(
        "{platform} may be overloaded: for {number} post, it is not known whether it is out.",
        "{platform} may be overloaded: for {number} posts, it is not known whether they are out.",
        crowd.number,
        platform=in_sentence(crowd.channel),
    )
    if crowd.lag is None:
        return told
    seconds = round(crowd.lag.total_seconds())
    lag = _(
        "The platform is behind: it made another post {seconds} s after the request.",
        seconds=seconds,
    )
    return f"{told} {lag}"


def standstills(heartbeats: Sequence[Heartbeat]) -> str:
    """The processes that stood still lately, for people; empty: none did.

    No trouble by itself: they go on, and posts that are late are told as such.
    """
    return " ".join(
        _(
            "A process did nothing for {seconds} s in the last minute: {kind} {pid} on {host}.",
            seconds=f"{one.stood_still.total_seconds():.1f}",
            kind=one.process.kind,
            pid=one.process.pid,
            host=one.process.host,
        )
        for one in heartbeats
        if one.stood_still and one.is_alive
    )


_OF_KIND = {
    ProcessKind.WORKER: (
        Subject.WORKERS,
        later("No worker is running."),
        later("No worker has reported for {seconds} s (the last: {host})."),
        later("Start `publisher run`, or the workers, and look at their logs."),
    ),
    ProcessKind.DISPATCHER: (
        Subject.DISPATCHERS,
        later("No dispatcher is running."),
        later("No dispatcher has reported for {seconds} s (the last: {host})."),
        later("Start `publisher run`, or the dispatchers, and look at their logs."),
    ),
}


def of_kind(kind: ProcessKind, last: Heartbeat | None) -> Trouble:
    """The trouble that no process of a kind is alive; `last` is the last that was."""
    subject, never, silent, remedy = _OF_KIND[kind]
    message = _(never)
    if last:
        message = _(silent, seconds=f"{SILENT_AFTER:g}", host=last.process.host)
    return Trouble(subject, message, _(remedy))


_LOST = {
    ProcessKind.WORKER: later("A worker on {host} has not reported for {seconds} s."),
    ProcessKind.DISPATCHER: later("A dispatcher on {host} has not reported for {seconds} s."),
}


def of_lost(one: Heartbeat) -> Trouble:
    """The trouble that one of several processes died, and was not started again."""
    message = _(_LOST[one.process.kind], host=one.process.host, seconds=f"{SILENT_AFTER:g}")
    hint = _(
        "Posts go out while another one is running. Start it again there, and look at its log. "
        "If its machine is gone for good, this is forgotten after a day."
    )
    return Trouble(Subject.REDUNDANCY, message, hint)


def of_settings(machine: str, other: str, names: Sequence[str]) -> Trouble:
    """The trouble that a process has other settings than most; `names` of settings, no values."""
    told = [*names[:_NAMED], *(["…"] if len(names) > _NAMED else [])]
    message = _(
        "{machine} has other settings than {other}: {names}.",
        machine=machine,
        other=other,
        names=", ".join(told),
    )
    hint = _(
        "Give every machine the same version of Publisher, publisher.toml and secrets.toml; then "
        "restart its dispatchers and workers."
    )
    return Trouble(Subject.SETTINGS, message, hint)
