"""Past times: posts that are refused, overdue, or may have gone out before a ledger was lost."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from publisher.base.i18n import _
from publisher.channels.registry import CAPABILITIES
from publisher.drafts import overdue as timeliness
from publisher.drafts.times import local
from publisher.ledger.integrity.after_restore import Gap
from publisher.model.deliveries import Delivery, Wish
from publisher.model.posts import Post
from publisher.model.problems import problem
from publisher.model.states import State
from publisher.model.timing import is_over
from publisher.model.values import Severity
from publisher.planning.edits import same_times
from publisher.planning.plan import Change, PlannedChange
from publisher.planning.problems import Problems

_LOOKING_BACK = timedelta(days=7)
"""How far back before the loss of a ledger a draft that says `now` is searched on the platform."""


def doubt(
    changes: list[PlannedChange],
    posts: Mapping[str, Post],
    gaps: Sequence[Gap],
    problems: Problems,
    zone: tzinfo,
    posts_folder: Path,
) -> None:
    """Mark as uncertain what a lost ledger may have published before this one.

    Not a waiting delivery with the same time as its draft: a person has decided on it since then,
    because a restore leaves no such delivery.
    """
    for index, change in enumerate(changes):
        wish = change.wish
        if wish is None:
            continue
        leaves, post = wish.not_before, posts[change.post]
        undated = post.at_once and change.delivery is None
        draft = posts_folder / f"{post.id}.md"
        gap = next(
            (
                gap
                for gap in reversed(gaps)
                # What says `now` leaves after each gap: its draft may have been queued in one.
                if (_is_older(draft, gap) if undated else gap.may_hold(leaves, wish.expires_at))
            ),
            None,
        )
        if gap is None or _was_decided(wish, change.delivery):
            continue
        if gap.is_new and CAPABILITIES[wish.channel].replaces_itself:
            continue
        uncertain = wish.model_copy(
            update={
                "state": State.UNCERTAIN,
                "doubt": gap.warning,
                "doubt_since": gap.since - _LOOKING_BACK
                if undated
                else gap.doubt_since(wish.due_at),
                "pending_stop": None if wish.state is State.SCHEDULED else wish.state,
            }
        )
        changes[index] = replace(change, wish=uncertain, note=_("it may already be out"))
        message, hint = _told(change, gap, None if undated else local(leaves, zone))
        problems.warning(post, "may-be-out", message, hint)


def _told(change: PlannedChange, gap: Gap, time: str | None) -> tuple[str, str]:
    """Message and hint for a person; `time`: when it was due, if its draft has a time."""
    decide = _(
        "If it stays uncertain, look at the account. It is there: `publisher resolve {post} --account {account} "
        "--published ID`. It is not: `publisher retry {post} --account {account}`.",
        post=change.post,
        account=change.account,
    )
    trust = _("If there was no other ledger, queue with `publisher queue --new-ledger`.")
    if time is None:
        message = _(
            "Its draft says `at: now`, and was written before this ledger was made or restored, "
            "so it may already be out on {account}. It becomes uncertain: Publisher looks for it "
            "there, and if it does not see it, waits for you.",
            account=change.account,
        )
        return message, f"{trust} {decide}" if gap.is_new else decide
    if gap.is_set_back:
        message = _(
            "It was due {time}, in the period that the ledger lost when it was set back, so it "
            "may already be out on {account}. It becomes uncertain: Publisher looks for it "
            "there, and if it does not see it, waits for you.",
            time=time,
            account=change.account,
        )
        return message, decide
    if not gap.is_new:
        message = _(
            "It was due {time}, before the ledger was restored, so it may already be out on "
            "{account}. It becomes uncertain: Publisher looks for it there, and if it does not "
            "see it, waits for you.",
            time=time,
            account=change.account,
        )
        return message, decide
    message = _(
        "It was due {time}, before this ledger was made. If another ledger was lost, it may "
        "already be out on {account}. It becomes uncertain: Publisher looks for it there, and if "
        "it does not see it, waits for you.",
        time=time,
        account=change.account,
    )
    return message, f"{trust} {decide}"


def _is_older(draft: Path, gap: Gap) -> bool:
    """Whether a draft that says `now` may have been queued in the gap: it is older than its end."""
    try:
        status = draft.stat()
    except FileNotFoundError:  # it is only being written, in the composer
        return False
    except OSError:
        return True
    written = min(status.st_mtime, status.st_ctime)
    return datetime.fromtimestamp(written, UTC) <= gap.until


def _was_decided(wish: Wish, delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.in_reach and same_times(wish, delivery)


def refuse(
    changes: list[PlannedChange],
    posts: Mapping[str, Post],
    known: Collection[str],
    now: datetime,
    problems: Problems,
    zone: tzinfo,
) -> None:
    """Refuse expired posts, which could only be missed.

    That is an error for a new request. It is a warning for a post that the ledger knows already
    (`known`) and that has ended, so that an old draft does not block a new one.
    """
    over: dict[tuple[str, datetime, datetime, Severity], list[str]] = defaultdict(list)
    for change in list(changes):
        wish = change.wish
        if wish is None or wish.expires_at is None or wish.expires_at > now:
            continue
        if wish.state is State.UNCERTAIN:
            continue
        changes.remove(change)
        moved = change.delivery is not None and change.delivery.in_reach
        asked_anew = change.post not in known or (moved and change.kind is Change.MOVE)
        severity = Severity.ERROR if asked_anew else Severity.WARNING
        over[change.post, wish.due_at, wish.expires_at, severity].append(change.account)
    for (post, due_at, expires_at, severity), accounts in over.items():
        message = _(
            "Its time for {account} has passed: it was due {time} and expired {expiry}. It is "
            "not queued.",
            account=", ".join(accounts),
            time=local(due_at, zone),
            expiry=local(expires_at, zone),
        )
        hint = _("If it must go out, give it a new `at` or a longer `expires`.")
        problems.add(posts[post], "past", message, hint, severity)


def overdue(
    changes: Sequence[PlannedChange],
    posts: Mapping[str, Post],
    now: datetime,
    problems: Problems,
    zone: tzinfo,
) -> tuple[PlannedChange, ...]:
    """Warn once for each post that goes out late as soon as it is queued; returns the changes.

    A post that waits for an approval first gets the warning, but is not returned.
    """
    late: dict[str, list[Wish]] = defaultdict(list)
    at_once = []
    for change in changes:
        if change.wish and _becomes_overdue(change.wish, change.delivery, now):
            late[change.post].append(change.wish)
            if change.wish.state is State.SCHEDULED:
                at_once.append(change)
    for post_id, wishes in late.items():
        post = posts[post_id]
        waits = all(wish.state is State.AWAITING_APPROVAL for wish in wishes)
        flaw = timeliness.overdue(min(wish.not_before for wish in wishes), zone, waits=waits)
        problems.keep(problem(post.file, flaw, post.position("at"), Severity.WARNING))
    return tuple(at_once)


def _becomes_overdue(wish: Wish, delivery: Delivery | None, now: datetime) -> bool:
    """Whether queueing it now would make it go out late."""
    if wish.state not in (State.SCHEDULED, State.AWAITING_APPROVAL):
        return False
    if not is_over(wish.not_before, now) or (delivery and delivery.manual_hold):
        return False
    waited = delivery is not None and delivery.in_reach and delivery.state is not State.HELD
    return not waited or (delivery is not None and delivery.not_before > now)
