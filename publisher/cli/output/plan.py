"""Output of `plan` and `queue`."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from functools import partial

from publisher.base import formats
from publisher.base.i18n import _, plural
from publisher.cli.output import console, edits, problems, tables
from publisher.cli.output.listing import Listing
from publisher.model.deliveries import Delivery, Wish
from publisher.model.states import State, state_name
from publisher.planning import Change, Plan, PlannedChange, Stopped, edit_text
from publisher.planning.costs import Cost

_SIGNS = {
    Change.ADD: ("+", "green"),
    Change.EDIT: ("~", "yellow"),
    Change.MOVE: (">", "yellow"),
    Change.HOLD: ("!", "red"),
    Change.RELEASE: ("+", "green"),
    Change.RESTORE: ("+", "green"),
    Change.CANCEL: ("-", "red"),
    Change.STOP: ("!", "red"),
    Change.GO_ON: ("+", "green"),
}


_MOST = 1_000
"""Changes that are shown: formatting ten thousand lines takes longer than queueing them."""
_NAMED = 5
_FEW_LINES = 10
_FEW = 5
"""The most deliveries that are cancelled without a question, if they were not approved."""


def show(plan: Plan, zone: tzinfo, named: tables.Named, *, changes: bool = True) -> None:
    """Print the drafts' problems, and the changes if they are wanted."""
    problems.print_text(plan.problems)
    if changes:
        _print_changes(plan, zone, named)


def _print_changes(plan: Plan, zone: tzinfo, named: tables.Named) -> None:
    """Print one line for each delivery that changes, in the order in which they go out.

    If there are thousands, additions are left out first.
    """
    if not plan.changes:
        return
    from rich.text import Text

    table = Listing((_("Change"), _("Due"), _("Account"), _("Post")))
    by_weight = sorted(plan.changes, key=lambda change: change.kind is Change.ADD)
    instant = partial(console.minute, zone=zone)
    for change in sorted(by_weight[:_MOST], key=_order):
        sign, colour = _SIGNS[change.kind]
        post = tables.post_text(change.post, _planned(change).content)
        embargo = tables.embargo_note(_planned(change), zone)
        for note in (embargo, _(change.note), *edit_text.notes(change, instant)):
            if note:
                post.append(f"\n{console.printable(note)}", style="dim")
        for line in edits.comparisons(change):
            post.append("\n").append_text(line)
        if change.voids:
            void = _("the approval by {name} becomes void", name=change.voids)
            post.append(f"\n{void}", style="red")
        due = console.minute(_planned(change).not_before, zone)
        table.add_row(
            Text(f"{sign} {_(change.kind)}", style=colour),
            due,
            tables.account_text(change.account, named),
            post,
        )
    table.print()
    if len(plan.changes) > _MOST:
        more = formats.number(len(plan.changes) - _MOST)
        console.print_prose(_("… and {more} more: --json shows all.", more=more))
    console.print_prose(console.times_of(zone))
    for cost in _costs(plan):
        console.print_prose(cost)


def _costs(plan: Plan) -> Iterator[str]:
    """What X charges for the posts, for their figures, for edits, and for answers that are read."""
    if plan.cost.posts:
        yield _price(plan.cost)
    if plan.cost.readings:
        yield _("This includes what X charges to read the figures of the posts.")
    if plan.answers_per_day:
        yield _(
            "Comments of readers are read too, for at most {amount} a day ([comments] in "
            "publisher.toml).",
            amount=formats.dollars(plan.answers_per_day),
        )
    if difference := plan.cost_of_edits:
        more = _("Because of the edits, X charges about {amount} more.")
        less = _("Because of the edits, X charges about {amount} less.")
        said = more if difference > 0 else less
        yield said.format(amount=formats.dollars(abs(difference)))


def _price(cost: Cost) -> str:
    posts, amount = formats.posts(cost.posts), formats.dollars(cost.amount)
    if cost.posts == 1:
        said = _("with a link") if cost.with_link else ""
    elif cost.with_link:
        said = _("{number} of them with a link", number=cost.with_link)
    else:
        said = _("none of them with a link")
    which = f"{posts}, {said}" if said else posts
    if cost.alt_texts:
        texts = plural(
            "{number} picture description", "{number} picture descriptions", cost.alt_texts
        )
        return _(
            "X charges about {amount} for {posts}, and for {texts}.",
            amount=amount,
            posts=which,
            texts=texts,
        )
    return _("X charges about {amount} for {posts}.", amount=amount, posts=which)


def risks(plan: Plan, *, late: bool = True) -> list[str]:
    """The risks that need a confirmation, in sentences; `late`: overdue posts too."""
    found = []
    if late and plan.overdue:
        found.append(_overdue(plan.overdue))
    if plan.repeated:
        found.append(_repeated(plan.repeated))
    if plan.voided:
        found.append(
            _("{approvals} will become void.", approvals=formats.approvals(len(plan.voided)))
        )
    if plan.cancels_most and len(plan.cancelled) > _FEW:
        told = plural(
            "{number} delivery of {all} on the schedule will be cancelled.",
            "{number} deliveries of {all} on the schedule will be cancelled.",
            len(plan.cancelled),
            all=plan.on_schedule,
        )
        found.append(told)
    return found


def _overdue(changes: Sequence[PlannedChange]) -> str:
    posts = _posts_of(changes)
    return plural(
        "{number} post goes out at once, because its time is over: {names}.",
        "{number} posts go out at once, because their time is over: {names}.",
        len(posts),
        names=some(posts),
    )


def _repeated(changes: Sequence[PlannedChange]) -> str:
    posts = _posts_of(changes)
    return plural(
        "{number} post may go out a second time, because much the same is already out: {names}.",
        "{number} posts may go out a second time, because much the same is already out: {names}.",
        len(posts),
        names=some(posts),
    )


def _posts_of(changes: Sequence[PlannedChange]) -> list[str]:
    return list(dict.fromkeys(change.post for change in changes))


def some(names: Sequence[str]) -> str:
    """The first few names, in one line."""
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def summary(plan: Plan, *, done: bool) -> str:
    """One line: what was queued, or would be, or why nothing was."""
    if plan.errors and not done:
        errors = formats.errors(len(problems.own(plan.errors)))
        return _(
            "Nothing is written: {errors}. Correct the drafts, or use --keep-going.", errors=errors
        )
    said = _changes(plan, done=done)
    if plan.errors:
        files = formats.drafts(len({problem.file for problem in plan.errors}))
        said += " " + _("{drafts} with errors left out.", drafts=files)
    if plan.undated:
        said += " " + plural(
            "{number} draft has no time (`at`) and stays a draft.",
            "{number} drafts have no time (`at`) and stay drafts.",
            plan.undated,
        )
    return said


def as_queued(plan: Plan, zone: tzinfo) -> list[str]:
    """Lines on deliveries that go out as queued before, because their drafts have errors."""
    if not plan.as_queued:
        return []
    by_post: dict[tuple[datetime, str], list[str]] = {}
    for delivery in plan.as_queued:
        key = delivery.not_before, delivery.post
        by_post.setdefault(key, []).append(delivery.account)
    shown = [
        f"  {console.minute(at, zone)}  {console.place(post, *accounts)}"
        for (at, post), accounts in sorted(by_post.items())
    ]
    if len(shown) > _FEW_LINES:
        shown[_FEW_LINES:] = ["  " + _("… and {more} more", more=len(shown) - _FEW_LINES)]
    return [
        _(
            "These go out with their old text and time, because their drafts have errors or no "
            "person has read them (`publisher hold POST` keeps one back):"
        ),
        *shown,
    ]


def conclude(plan: Plan, zone: tzinfo, *, done: bool) -> None:
    """Print what was queued, or would be, and what does not follow its draft."""
    console.print_prose(summary(plan, done=done))
    for line in as_queued(plan, zone):
        console.print_prose(line, "    ")
    _print_stopped(plan)


def _print_stopped(plan: Plan) -> None:
    """Print the posts that do not go out although their drafts want it, with remedies."""
    alike: dict[tuple[object, ...], list[Stopped]] = {}
    for one in plan.stopped:
        alike.setdefault((one.post, one.state, one.by_hand, one.reason), []).append(one)
    if alike:
        console.print_prose(_("These do not go out, whatever their drafts say:"))
    for group in list(alike.values())[:_FEW_LINES]:
        console.print_prose(f"  {_told(group)}", "    ")
    if len(alike) > _FEW_LINES:
        console.print_prose("  " + _("… and {more} more", more=len(alike) - _FEW_LINES))


def _told(alike: Sequence[Stopped]) -> str:
    """A sentence on a stopped post: its accounts, the reason, and the remedy."""
    one = alike[0]
    why = f" ({console.printable(_(one.reason))})" if one.reason else ""
    place = console.place(one.post, *(stopped.account for stopped in alike))
    said = _("{name}: {value}", name=place, value=f"{state_name(one.state)}{why}.")
    of_account = f" --account {one.account}" if len(alike) == 1 else ""
    match one.state if one.by_hand else "":
        case State.CANCELLED:
            command = f"publisher retry {one.post}{of_account}"
            return f"{said} {_('`{command}` puts it back on the schedule.', command=command)}"
        case State.HELD:
            command = f"publisher release {one.post}{of_account}"
            return f"{said} {_('`{command}` lets it go.', command=command)}"
        case "rejected":
            return (
                f"{said} {_('It comes back to its approvers once its draft is edited and queued.')}"
            )
        case State.MISSED:
            return f"{said} {_('Give the draft a new `at`, then run `publisher queue`.')}"
        case _other:
            return said


def _changes(plan: Plan, *, done: bool) -> str:
    if plan.is_as_drafted:
        return _("Nothing to change: the schedule matches the drafts.")
    if not plan.changes:
        return _("Nothing to change.")
    only_cancels = len(plan.cancelled) == len(plan.changes)
    said = (
        _("Would change: {deliveries} ({changes}).")
        if not done
        else _("Taken off the schedule: {deliveries} ({changes}).")
        if only_cancels
        else _("Queued: {deliveries} ({changes}).")
    )
    numbers_of = {"deliveries": formats.deliveries(len(plan.changes)), "changes": plan.in_numbers}
    return f"{said.format(**numbers_of)}{_awaiting(plan)}"


def _awaiting(plan: Plan) -> str:
    """A sentence on the deliveries that wait for an approval; empty if none do."""
    wishes = [change.wish for change in plan.changes if change.wish]
    number = sum(wish.state is State.AWAITING_APPROVAL for wish in wishes)
    if not number:
        return ""
    told = plural(
        "{number} delivery is waiting for approval: `publisher approve` lists it.",
        "{number} deliveries are waiting for approval: `publisher approve` lists them.",
        number,
    )
    return f" {told}"


def _planned(change: PlannedChange) -> Wish | Delivery:
    planned = change.wish or change.delivery
    if planned is None:
        raise ValueError("a change has a wish, a delivery or both")
    return planned


def _order(change: PlannedChange) -> tuple[datetime, str, str]:
    return _planned(change).not_before, change.post, change.account
