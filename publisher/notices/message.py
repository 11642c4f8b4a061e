"""Text of a notice: what happened, to which post and account, when it was due, what to do.

A draft is named, but not quoted: it may be under embargo. A platform's own message, which could
quote it, is only in the ledger: `publisher history` shows it.
"""

import re
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from publisher.base.i18n import _, later, plural
from publisher.base.text import harmless
from publisher.ledger.comments.comment_news import CommentNews
from publisher.ledger.news.outbox import (
    AccountGoesOn,
    Item,
    LatePosts,
    StuckDelivery,
    SuspendedAccount,
)
from publisher.ledger.news.owner_news import KeysEnd, OwnerChange
from publisher.ledger.news.user_notices import PersonNews
from publisher.ledger.reading.set_backs import SetBack
from publisher.model import events
from publisher.model.accounts import owner_changed
from publisher.model.states import State, counted
from publisher.notices import comments, people

_SHOWN = 10
_QUOTED = re.compile(r" ?\(“.*”\)", re.DOTALL)
"""A platform's own message, as `publisher.channels.answers` quotes it."""
_EVENTS = {
    State.FAILED: later("{post} to {account} failed"),
    State.MISSED: later("{post} to {account} was missed"),
    State.REJECTED: later("{post} to {account} was sent back to its author"),
    State.HELD: later("{post} to {account} is held, and did not go out"),
    State.UNCERTAIN: later("{post} to {account} is uncertain: it may or may not be out"),
    State.PUBLISHED: later("{post} to {account} is out, although someone stopped it"),
    State.SCHEDULED: later("{post} to {account} is due, but cannot go out as it is"),
}

_PARTLY_OUT = later("{post} to {account} is out only in part")
_ON_ITS_OWN = later("{post} to {account} is out: the platform made it public on its own")


@dataclass(frozen=True, slots=True)
class Message:
    """A message in plain text, as services accept it."""

    title: str
    body: str


Compose = Callable[[Sequence[Item]], Message]


def trial() -> Message:
    """The test message of `publisher notify`."""
    return Message(
        _("Publisher: a test"),
        _(
            "Someone is testing the notices with `publisher notify`. When an account or a post "
            "needs attention, a notice comes here."
        ),
    )


def compose(items: Sequence[Item], zone: tzinfo) -> Message:
    """Compose one message about all items; at most ten are described in full.

    Times are in UTC and, if it differs, in `zone`.
    """
    paragraphs = [harmless(" ".join(_sentences(item, zone))) for item in items[:_SHOWN]]
    if len(items) > 1:
        paragraphs.insert(0, _summary(items))
    if len(items) > _SHOWN:
        paragraphs.append(_("… and {number} more.", number=len(items) - _SHOWN))
    paragraphs.append(_("`publisher status` shows everything that needs attention."))
    return Message(_title(items), "\n\n".join(paragraphs))


def _title(items: Sequence[Item]) -> str:
    if len(items) > 1:
        return plural(
            "Publisher: {number} thing needs attention",
            "Publisher: {number} things need attention",
            len(items),
        )
    return f"Publisher: {harmless(_event(items[0]))}"


def _event(item: Item) -> str:
    if isinstance(item, SetBack):
        return (
            _("the machine was put back to an earlier state")
            if item.until
            else _("the ledger was set back")
        )
    if isinstance(item, LatePosts):
        return _("posts were late; publishing continues") if item.is_over else _("posts are late")
    if isinstance(item, StuckDelivery):
        if item.is_withdrawn:
            return _(
                "{post} to {account} was withdrawn, but may still be out",
                post=item.post,
                account=item.account,
            )
        is_unasked = item.state is State.PUBLISHED and not item.is_stopped
        event = _ON_ITS_OWN if is_unasked else _EVENTS[item.state]
        if item.visibility.is_half_out and item.state is not State.PUBLISHED:
            event = _PARTLY_OUT
        return _(event, post=item.post, account=item.account)
    if isinstance(item, CommentNews):
        return comments.event(item)
    return people.event(item) if isinstance(item, PersonNews) else _account_event(item)


def _account_event(item: SuspendedAccount | AccountGoesOn | OwnerChange | KeysEnd) -> str:
    if isinstance(item, KeysEnd):
        return _("the keys of {account} are not being renewed", account=item.account)
    if isinstance(item, OwnerChange):
        return _("the keys of {account} now belong to {now}", account=item.account, now=item.now)
    if isinstance(item, AccountGoesOn):
        return _("{account} is publishing again", account=item.account)
    if not item.until:
        return _("{account} is suspended until someone acts", account=item.account)
    if item.is_tried or not item.others:
        return _("{account} is suspended", account=item.account)
    return plural(
        "{account} and {number} other account of its app are suspended",
        "{account} and {number} other accounts of its app are suspended",
        len(item.others),
        account=item.account,
    )


def _summary(items: Sequence[Item]) -> str:
    """A summary: `1 account suspended, 47 failed, 3 missed.`"""
    stuck = [item for item in items if isinstance(item, StuckDelivery)]
    states = Counter(item.state for item in stuck if not item.is_withdrawn)
    still_out = len(stuck) - states.total()
    accounts = sum(isinstance(item, SuspendedAccount) for item in items)
    late = [_event(item) for item in items if isinstance(item, SetBack | LatePosts)]
    going_on = sum(isinstance(item, AccountGoesOn) for item in items)
    parts = [plural("{number} account suspended", "{number} accounts suspended", accounts)]
    numbers = [_counted(state, states[state]) for state in _EVENTS if states[state]]
    if still_out:
        numbers.append(
            plural(
                "{number} withdrawn, but may still be out",
                "{number} withdrawn, but may still be out",
                still_out,
            )
        )
    of_keys = [_event(item) for item in items if isinstance(item, OwnerChange | KeysEnd)]
    of_people = [people.event(item) for item in items if isinstance(item, PersonNews)]
    called = [comments.event(item) for item in items if isinstance(item, CommentNews)]
    if going_on:
        numbers.append(
            plural(
                "{number} account is publishing again",
                "{number} accounts are publishing again",
                going_on,
            )
        )
    return f"{', '.join([*called, *late, *(parts if accounts else []), *numbers, *of_keys, *of_people])}."


def _counted(state: State, number: int) -> str:
    if state is State.PUBLISHED:
        return plural("{number} out against the plan", "{number} out against the plan", number)
    if state is State.SCHEDULED:
        return plural("{number} kept back", "{number} kept back", number)
    return counted(state, number)


def _sentences(item: Item, zone: tzinfo) -> list[str]:  # noqa: PLR0911 - one for each kind
    match item:
        case SetBack():
            return item.sentences
        case LatePosts():
            return [item.message, *([item.ending] if item.is_over else [])]
        case StuckDelivery():
            return _of_delivery(item, zone)
        case SuspendedAccount():
            return _of_account(item, zone)
        case OwnerChange():
            return [*owner_changed(item.account, item.now, item.before)]
        case KeysEnd():
            return _of_end(item, zone)
        case PersonNews():
            return people.sentences(item)
        case CommentNews():
            return comments.sentences(item)
        case AccountGoesOn():
            return [_goes_on(item)]


def _goes_on(item: AccountGoesOn) -> str:
    return _(
        "{account} is no longer suspended: its platform accepted a post, and what waited goes out.",
        account=item.account,
    )


def _of_delivery(item: StuckDelivery, zone: tzinfo) -> list[str]:
    named = events.kind(item.kind) if item.kind and item.state is not State.REJECTED else ""
    kind = f" ({named})" if named else ""
    sentences = [
        f"{_event(item)}{kind}.",
        _("It was due {time}.", time=time_text(item.due_at, zone)),
    ]
    if item.state is State.REJECTED:
        return [*sentences, *_rejected(item)]
    if item.message and item.state is State.HELD:
        sentences.append(_("Why: {reason}.", reason=item.message.rstrip(".")))
    elif item.message:
        sentences.append(_without_quotes(item.message))
    if item.visibility.needs_words:
        sentences.append(_seen(item, zone))
    look = _("Look at the account.")
    asked = look.rstrip(".").casefold()
    is_asked = any(asked in sentence.casefold() for sentence in sentences)
    if item.state is State.UNCERTAIN and not is_asked:
        sentences.append(look)
    return [*sentences, _remedy(item)]


def _seen(item: StuckDelivery, zone: tzinfo) -> str:
    """What the public sees, without the state, which is said before it."""
    if not item.parts_out:
        return _("Nothing is out.")
    seen = item.visibility.in_words(lambda at: time_text(at, zone))
    return f"{seen[:1].upper()}{seen[1:]}."


def _rejected(item: StuckDelivery) -> list[str]:
    """The author, and where to read the reason: its text may quote the draft."""
    return [
        _("Author: {name}.", name=item.author or _("an unnamed author")),
        _(
            "`publisher history {post}` shows why. Change the draft, then run `publisher queue`.",
            post=shlex.quote(item.post),
        ),
    ]


def _remedy(item: StuckDelivery) -> str:  # noqa: PLR0911 - one for each kind
    named = f"{shlex.quote(item.post)} --account {item.account}"
    if item.is_withdrawn:
        return _(
            "Look at the account, and delete it there if it must go at once. If Publisher can "
            "never delete it, run `publisher withdraw {named} --gone --reason TEXT` once it is no "
            "longer there.",
            named=named,
        )
    match item.state:
        case State.UNCERTAIN:
            return _(
                "If the post is there, run `publisher resolve {named} --published ID`. If not, "
                "run `publisher retry {named}`.",
                named=named,
            )
        case State.PUBLISHED:
            return _(
                "To take it down, run `publisher withdraw {named} --reason TEXT`.", named=named
            )
        case State.SCHEDULED:
            return _(
                "Publisher keeps trying until it expires. To send it in another form, change the "
                "draft, then run `publisher queue`."
            )
        case State.HELD:
            return _("Fix what keeps it back, or change the draft, then run `publisher queue`.")
        case State.MISSED:
            return _("Give the draft a new time, then: `publisher queue`.")
        case _ if item.visibility.is_half_out:
            return _(
                "To send the rest, run `publisher retry {named}`. To take down what is out, run "
                "`publisher withdraw {named} --reason TEXT`.",
                named=named,
            )
        case _:
            return _(
                "To send it changed, edit the draft, then run `publisher queue`. To send it again "
                "as it is, run `publisher retry {named}`.",
                named=named,
            )


def _of_account(item: SuspendedAccount, zone: tzinfo) -> list[str]:
    if not item.until:
        state = _("{account} is suspended until someone acts.", account=item.account)
    elif item.is_tried:
        state = _(
            "{account} is suspended. Publisher tries it again by itself, first at {time}.",
            account=item.account,
            time=time_text(item.until, zone),
        )
    elif item.others:
        state = plural(
            "{account} and {number} other account of its app are suspended until {time}.",
            "{account} and {number} other accounts of its app are suspended until {time}.",
            len(item.others),
            account=item.account,
            time=time_text(item.until, zone),
        )
    else:
        time = time_text(item.until, zone)
        state = _("{account} is suspended until {time}.", account=item.account, time=time)
    sentences = [state, _without_quotes(item.message)]
    if item.next_due:
        sentences.append(
            plural(
                "{number} post waits; the first is due {time}.",
                "{number} posts wait; the first is due {time}.",
                item.waiting,
                time=time_text(item.next_due, zone),
            )
        )
    if item.until is None:
        sentences.append(
            _("When it is fixed, run `publisher resume --account {account}`.", account=item.account)
        )
    return sentences


def _of_end(item: KeysEnd, zone: tzinfo) -> list[str]:
    end = _(
        "Its posts go out until {time} at the latest; after that, they wait.",
        time=time_text(item.until, zone),
    )
    return [f"{_event(item)}.", _without_quotes(item.message), end]


def time_text(instant: datetime, zone: tzinfo) -> str:
    """Format an instant: `2016-03-07 07:30 UTC (08:30 Europe/Zurich)`."""
    there, here = instant.astimezone(zone), instant.astimezone(UTC)
    text = f"{here:%Y-%m-%d %H:%M} UTC"
    if there.utcoffset() == here.utcoffset():
        return text
    same_day = there.date() == here.date()
    return f"{text} ({there:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}} {zone})"


def _without_quotes(text: str) -> str:
    return _QUOTED.sub("", text)
