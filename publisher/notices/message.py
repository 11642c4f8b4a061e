"""What a notice says: what happened, to which post and account, when it was due, and what to do.

A draft is named, its words are not: they may be under embargo. A platform's own words, which
could repeat them, stay in the ledger as well: `publisher history` shows them.
"""

import re
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from publisher.ledger.news import HeldAccount, Item, StuckDelivery
from publisher.states import State

_SHOWN = 10
_QUOTED = re.compile(r" ?\(“.*”\)", re.DOTALL)
"""A platform's own words, as `publisher.meaning` quotes them."""
_STATES = {
    State.FAILED: "failed",
    State.MISSED: "was missed",
    State.UNCERTAIN: "is uncertain: it may be out or not",
}
_OVERVIEW = "`publisher status` shows all that needs a person."


@dataclass(frozen=True, slots=True)
class Message:
    """A message as services take it: plain text."""

    title: str
    body: str


Compose = Callable[[Sequence[Item]], Message]

TRIAL = Message(
    "Publisher: a test",
    "Somebody tried the notices with `publisher notify`. When an account or a post needs a "
    "person, it is told here.",
)


def compose(items: Sequence[Item], zone: tzinfo) -> Message:
    """One message about all of these; at most ten are told in full.

    Times are in UTC and, where it is another, in `zone`.
    """
    paragraphs = [_paragraph(item, zone) for item in items[:_SHOWN]]
    if len(items) > 1:
        paragraphs.insert(0, _summary(items))
    if len(items) > _SHOWN:
        paragraphs.append(f"… and {len(items) - _SHOWN} more.")
    return Message(_title(items), "\n\n".join([*paragraphs, _OVERVIEW]))


def _title(items: Sequence[Item]) -> str:
    if len(items) > 1:
        return f"Publisher: {len(items)} things to look at"
    return f"Publisher: {_plain(_event(items[0]))}"


def _event(item: Item) -> str:
    if isinstance(item, StuckDelivery):
        return f"{item.post} to {item.account} {_STATES[item.state]}"
    return f"{item.account} {'rests' if item.until else 'is held'}"


def _summary(items: Sequence[Item]) -> str:
    """`1 account held or resting, 47 failed, 3 missed.`"""
    states = Counter(item.state for item in items if isinstance(item, StuckDelivery))
    accounts = len(items) - states.total()
    noun = "account" if accounts == 1 else "accounts"
    parts = [f"{accounts} {noun} held or resting"] if accounts else []
    parts += [f"{states[state]} {state}" for state in _STATES if states[state]]
    return f"{', '.join(parts)}."


def _paragraph(item: Item, zone: tzinfo) -> str:
    sentences = (
        _of_delivery(item, zone) if isinstance(item, StuckDelivery) else _of_account(item, zone)
    )
    return _plain(" ".join(sentences))


def _of_delivery(item: StuckDelivery, zone: tzinfo) -> list[str]:
    kind = f" ({item.kind})" if item.kind else ""
    sentences = [f"{_event(item)}{kind}. It was due {_time(item.due_at, zone)}."]
    if item.message:
        sentences.append(_without_quotes(item.message))
    if item.parts_out:
        sentences.append(f"Parts of the thread that are out: {item.parts_out}.")
    return [*sentences, _remedy(item)]


def _remedy(item: StuckDelivery) -> str:
    named = f"{shlex.quote(item.post)} --account {item.account}"
    match item.state:
        case State.UNCERTAIN:
            return (
                "Look at the account. If the post is there: "
                f"`publisher resolve {named} --published ID`. If not: `publisher retry {named}`."
            )
        case State.MISSED:
            return "Give the draft a new time, then: `publisher queue`."
        case _:
            return (
                "With the draft changed: `publisher queue`. As it is, once more: "
                f"`publisher retry {named}`."
            )


def _of_account(item: HeldAccount, zone: tzinfo) -> list[str]:
    until = f"until {_time(item.until, zone)}" if item.until else "until a person acts"
    sentences = [f"{_event(item)} {until}.", _without_quotes(item.message)]
    if item.next_due:
        posts = "1 post waits" if item.waiting == 1 else f"{item.waiting} posts wait"
        sentences.append(f"{posts}; the first is due {_time(item.next_due, zone)}.")
    if item.until is None:
        sentences.append(f"When it is mended: `publisher resume --account {item.account}`.")
    return sentences


def _time(instant: datetime, zone: tzinfo) -> str:
    """`2016-03-07 07:30 UTC (08:30 Europe/Zurich)`."""
    there, here = instant.astimezone(zone), instant.astimezone(UTC)
    text = f"{here:%Y-%m-%d %H:%M} UTC"
    if there.utcoffset() == here.utcoffset():
        return text
    same_day = there.date() == here.date()
    return f"{text} ({there:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}} {zone})"


def _without_quotes(text: str) -> str:
    return _QUOTED.sub("", text)


def _plain(text: str) -> str:
    """`text` in one line, for a title as well."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
