"""Commands that intervene: pause, resume, cancel, retry, resolve."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import formats
from publisher.base.errors import UsageError
from publisher.base.i18n import _, later
from publisher.cli import arguments
from publisher.cli.options import Account, Json, Post, Reason, Who, Yes
from publisher.cli.output import console
from publisher.model.states import State, state_name

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.ledger.manager.resume import Seen
    from publisher.model.deliveries import Delivery

_RETRIED = {
    State.SCHEDULED: later("On the schedule again"),
    State.AWAITING_APPROVAL: later("Waiting for an approval"),
    State.REJECTED: later("Rejected, as requested while it might have been out"),
    State.HELD: later("Held, as requested while it might have been out"),
    State.CANCELLED: later(
        "Cancelled, as requested while it might have been out (run `publisher retry` once more "
        "to send it)"
    ),
}
"""What `retry` leads to."""


def pause(
    context: typer.Context,
    *,
    reason: Reason = None,
    account: Account = None,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Stop publishing at once.

    When the command returns, nothing more is sent, on any account or on the one you name, until
    `publisher resume`. Posts that fall due in the meantime wait; those whose expiry passes are
    marked as missed.
    """
    why = arguments.reason(reason, as_json=as_json)
    app, name = operated(context, account, by_ledger_alone=True)
    unanswered = app.control.pause(name, why, arguments.actor(who))
    if as_json:
        print_json(unanswered, paused=name or "all")
        return
    console.print_prose(_("Paused: {name}. Nothing more is sent.", name=name or _("everything")))
    if unanswered:
        told = _("These were already on their way, and no answer has come; they may be out:")
        console.print_prose(told)
        _print_each(unanswered)


def resume(
    context: typer.Context,
    *,
    account: Account = None,
    yes: Yes = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Resume publishing after a pause, or after an account was suspended.

    What fell due in the meantime does not go out in a burst: on each account, the first goes out at
    once, and each other one a minute after the one before it. It lists them and asks before
    anything goes on, so that you can cancel some first.
    """
    app, name = operated(context, account, by_ledger_alone=True)
    actor = arguments.actor(who)
    seen = None if yes else _agreed(app, name, actor, as_json=as_json)
    overdue = app.control.resume(name, actor, seen=seen)
    if as_json:
        print_json(overdue, resumed=name or "all")
        return
    console.print_prose(_("Resumed: {name}.", name=name or _("everything")))
    if overdue:
        heading = later("{deliveries} fell due in the meantime, and will go out at these times:")
        times = {delivery.id: delivery.next_check_at for delivery in overdue}
        _print_times(heading, overdue, times, arguments.zone(app.settings))


def _agreed(app: "Application", account: str | None, actor: str, *, as_json: bool) -> "Seen | None":
    """What a person saw that would go out, and agreed to; None where `resume` refuses anyway."""
    from publisher.ledger.limits.spacing import spread
    from publisher.ledger.manager.resume import Seen

    stop = app.control.stop(account)
    if not stop or not app.control.may_resume(account, actor):
        return None
    overdue = app.control.overdue(account)
    if overdue:
        arguments.refuse_to_ask(as_json=as_json)
        times = spread(overdue, app.clock.now())
        heading = later("{deliveries} fell due in the meantime, and would go out from now on:")
        _print_times(heading, overdue, times, arguments.zone(app.settings))
        console.print_prose(_("To take one off the schedule first, use `publisher cancel POST`."))
        arguments.confirm(_("Resume publishing?"))
    return Seen(stop, [delivery.id for delivery in overdue])


def _print_times(
    heading: str,
    deliveries: "Sequence[Delivery]",
    times: Mapping[int, datetime],
    zone: tzinfo,
) -> None:
    """Print when each delivery goes out, by its id; `heading` takes their number."""
    console.print_prose(_(heading, deliveries=formats.deliveries(len(deliveries))))
    for delivery in deliveries:
        at = console.minute(times[delivery.id], zone)
        console.print_line(f"  {at}  {console.heading(delivery)}")
    console.print_prose(console.times_of(zone))


def cancel(
    context: typer.Context,
    post: Post,
    *,
    account: Account = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Say why, for the record.")] = "",
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Take a post off the schedule before it is out.

    The draft stays as it is, and queueing it again does not bring the post back. A post that may be
    out already is cancelled once it is known that it is not.
    """
    app, of_account = operated(context, account, by_ledger_alone=True)
    cancelled = app.control.cancel(
        arguments.post(app, post),
        of_account,
        arguments.actor(who),
        reason,
    )
    if as_json:
        print_json(cancelled)
        return
    certain = [delivery for delivery in cancelled if delivery.state is State.CANCELLED]
    if certain:
        print_outcome(_("Cancelled"), certain)
    print_stopped(delivery for delivery in cancelled if delivery.may_be_out)


def retry(
    context: typer.Context,
    post: Post,
    *,
    account: Account = None,
    yes: Yes = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Retry a post that failed, was missed or was cancelled.

    If it is uncertain whether a post is out, look at the account first: with this command you say
    that the post is not there, and it asks. If someone stopped the post in the meantime, it stays
    stopped: what was cancelled goes out when you retry it once more.
    """
    app, of_account = operated(context, account)
    name = arguments.post(app, post)
    standing = app.queries.deliveries(post=name, account=of_account)
    seen = {delivery.id: delivery.doubt for delivery in standing}
    uncertain = [delivery for delivery in standing if delivery.state is State.UNCERTAIN]
    if uncertain and not yes:
        arguments.refuse_to_ask(as_json=as_json)
        console.print_prose(_("These may be out. If one is, it would be out twice:"))
        _print_each(uncertain)
        arguments.confirm(_("Have you looked, and is none of them there?"))
    retried = app.control.retry(name, of_account, arguments.actor(who), seen)
    if as_json:
        print_json(retried)
        return
    for state, what in _RETRIED.items():
        if found := [delivery for delivery in retried if delivery.state is state]:
            print_outcome(_(what), found)


def resolve(
    context: typer.Context,
    post: Post,
    *,
    published: Annotated[
        list[str],
        typer.Option(
            metavar="ID",
            help="Give the id that the platform shows for it. For a thread, give one for each "
            "part that is out, in their order.",
        ),
    ],
    account: Account = None,
    yes: Yes = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Record that an uncertain post is on the platform after all.

    Look at the account first. The id is the number at the end of the post's address. A thread goes
    on after the last part that you name; parts that are already on record are not named again. If
    the post is not there, use `publisher retry` instead. It asks first, because what is on record
    as published no longer goes out.
    """
    if not all(remote_id.strip() for remote_id in published):
        message = _("{option} is empty.", option="--published")
        raise UsageError(message, hint=_("Give it in a few words, for the record."))
    app, of_account = operated(context, account)
    name = arguments.post(app, post)
    standing = app.queries.deliveries(post=name, account=of_account, state=State.UNCERTAIN)
    if standing and not yes:
        arguments.refuse_to_ask(as_json=as_json)
        _print_each(standing)
        question = _("Put on record that this is published as {ids}?", ids=", ".join(published))
        arguments.confirm(question)
    resolved = app.control.resolve(
        name,
        of_account,
        tuple(remote_id.strip() for remote_id in published),
        arguments.actor(who),
    )
    if as_json:
        print_json(resolved)
        return
    for delivery in resolved:
        told = _(
            "On record: {delivery}, {what}.",
            delivery=console.heading(delivery),
            what=_parts_out(delivery),
        )
        console.print_prose(told)


def _parts_out(delivery: "Delivery") -> str:
    parts, out = len(delivery.content.parts), len(delivery.remote_ids)
    if out == parts:
        return _("published") if parts == 1 else _("published, all {parts} parts", parts=parts)
    if delivery.state is not State.SCHEDULED:
        return _(
            "{out} of {parts} parts; the rest is stopped ({state})",
            out=out, parts=parts, state=state_name(delivery.state),
        )  # fmt: skip
    return _("{out} of {parts} parts; the rest is on the schedule", out=out, parts=parts)


def operated(
    context: typer.Context, account: str | None, *, by_ledger_alone: bool = False
) -> "tuple[Application, str | None]":
    """The ledger to act on, and the account that is meant; LedgerEmpty where nothing is on it.

    `by_ledger_alone`: it needs no settings, and works whatever is wrong with them.
    """
    app = (arguments.ledger if by_ledger_alone else arguments.application)(context)
    name = arguments.account(account, app.accounts())
    arguments.refuse_empty(app)
    return app, name


def print_json(deliveries: "Iterable[Delivery]", **more: object) -> None:
    """What was changed, for scripts: rows as in `publisher log --json`, and `more` beside them.

    Each says besides which stop waits until it is known whether it is out.
    """
    from publisher.reporting.log_export import log_rows

    deliveries = list(deliveries)
    rows = [
        {**row, "pending_stop": delivery.pending_stop}
        for row, delivery in zip(log_rows(deliveries), deliveries, strict=True)
    ]
    console.print_json({**more, "deliveries": rows})


def print_stopped(deliveries: "Iterable[Delivery]") -> None:
    """What becomes of those that may be out and were stopped."""
    for delivery in deliveries:
        place = {"post": delivery.post, "account": delivery.account}
        console.print_prose(
            _("{post} to {account} may be out. If it is not, it will be cancelled.", **place)
            if delivery.pending_stop is State.CANCELLED
            else _("{post} to {account} may be out. If it is not, it will be rejected.", **place)
        )


def print_outcome(what: str, deliveries: "list[Delivery]") -> None:
    told = _("{name}: {value}", name=what, value=formats.deliveries(len(deliveries)))
    console.print_prose(f"{told}.")
    _print_each(deliveries)


def _print_each(deliveries: "list[Delivery]") -> None:
    for delivery in deliveries:
        console.print_line(f"  {console.heading(delivery)}")
