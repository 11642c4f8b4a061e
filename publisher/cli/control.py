"""Commands that intervene: pause, resume, cancel, retry, resolve, withdraw."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.cli import arguments, counts, output
from publisher.errors import NotPossible, UsageError
from publisher.language import _, later
from publisher.states import State

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.models import Delivery
    from publisher.withdrawal import Withdrawn

_RETRIED = {
    State.SCHEDULED: later("On the schedule again"),
    State.AWAITING_APPROVAL: later("Waiting for an approval"),
    State.REJECTED: later("Rejected, as was asked while it might have been out"),
    State.HELD: later("Held, as was asked while it might have been out"),
    State.CANCELLED: later(
        "Cancelled, as was asked while it might have been out (one more `publisher retry` sends it)"
    ),
}
"""What `retry` leads to."""

Account = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only this account, instead of all.")
]
Who = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Who does it, for the record. Default: PUBLISHER_USER, or your name on this computer.",
    ),
]
Post = Annotated[
    str,
    typer.Argument(metavar="POST", help="The post's id, or the path of its draft."),
]


def pause(
    context: typer.Context,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record.")],
    account: Account = None,
    who: Who = None,
) -> None:
    """Stop publishing at once.

    When the command returns, nothing leaves any more, on all accounts or on the one you name,
    until `publisher resume`. Posts that fall due meanwhile wait; those whose expiry passes are
    marked as missed.
    """
    require(reason, "--reason")
    app, name = operated(context, account)
    unanswered = app.control.pause(name, reason, arguments.actor(who))
    output.print_line(_("Paused: {name}. Nothing leaves any more.", name=name or _("everything")))
    if unanswered:
        output.print_line(
            _("These were already on their way and have not been answered; they may be out:")
        )
        _print_each(unanswered)


def resume(context: typer.Context, *, account: Account = None, who: Who = None) -> None:
    """Go on publishing after a pause, or after an account was held.

    What fell due meanwhile does not go out in a burst: of each account the first goes at once, and
    each other a minute after the one before it. They are listed, so that you can cancel some.
    """
    from publisher.cli import tables

    app, name = operated(context, account)
    overdue = app.control.resume(name, arguments.actor(who))
    output.print_line(_("Resumed: {name}.", name=name or _("everything")))
    if overdue:
        fell_due = counts.deliveries(len(overdue))
        zone = arguments.zone(app.settings)
        output.print_line(
            _(
                "{deliveries} fell due meanwhile, and will go out at these times:",
                deliveries=fell_due,
            )
        )
        for delivery in overdue:
            when = output.minute(delivery.wake_at, zone)
            output.print_line(f"  {when}  {tables.heading(delivery)}")
        output.print_line(output.times_of(zone))


def cancel(
    context: typer.Context,
    post: Post,
    *,
    account: Account = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record.")] = "",
    who: Who = None,
) -> None:
    """Take a post off the schedule, before it is out.

    The draft stays as it is, and queueing it again does not bring the post back. What may be out
    already is cancelled once it is known that it is not.
    """
    app, of_account = operated(context, account)
    cancelled = app.control.cancel(
        arguments.post_id(post, app.settings.posts),
        of_account,
        arguments.actor(who),
        reason or _("cancelled by a person"),
    )
    certain = [delivery for delivery in cancelled if delivery.state is State.CANCELLED]
    if certain:
        print_outcome(_("Cancelled"), certain)
    print_stopped(delivery for delivery in cancelled if delivery.may_be_out)


def retry(context: typer.Context, post: Post, *, account: Account = None, who: Who = None) -> None:
    """Try a post again that failed, was missed or was cancelled.

    For a post whose outcome is uncertain, look at the account first: with this command you say
    that the post is not there. If somebody stopped it meanwhile, it stays so: what was cancelled
    goes out when you retry it once more.
    """
    app, of_account = operated(context, account)
    name = arguments.post_id(post, app.settings.posts)
    seen = {delivery.id: delivery.doubt for delivery in app.queries.deliveries(post=name)}
    retried = app.control.retry(name, of_account, arguments.actor(who), seen)
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
            help="The id that the platform shows for it. Of a thread, once for each part that is "
            "out, in their order.",
        ),
    ],
    account: Account = None,
    who: Who = None,
) -> None:
    """Say that an uncertain post is on the platform after all.

    Look at the account first. The id is the number at the end of the post's address. A thread goes
    on behind the last part that you name; parts that are on record already are not named again.
    When the post is not there, use `publisher retry` instead.
    """
    from publisher.cli import tables

    for remote_id in published:
        require(remote_id, "--published")
    app, of_account = operated(context, account)
    resolved = app.control.resolve(
        arguments.post_id(post, app.settings.posts),
        of_account,
        tuple(remote_id.strip() for remote_id in published),
        arguments.actor(who),
    )
    for delivery in resolved:
        output.print_line(
            _(
                "On record: {delivery}, {what}.",
                delivery=tables.heading(delivery),
                what=_parts_out(delivery),
            )
        )


def _parts_out(delivery: "Delivery") -> str:
    parts, out = len(delivery.content.parts), len(delivery.remote_ids)
    if out == parts:
        return _("published") if parts == 1 else _("published, all {parts} parts", parts=parts)
    if delivery.state is not State.SCHEDULED:
        return _(
            "{out} of {parts} parts; the rest is stopped ({state})",
            out=out, parts=parts, state=_(delivery.state),
        )  # fmt: skip
    return _("{out} of {parts} parts; the rest is on the schedule", out=out, parts=parts)


def withdraw(
    context: typer.Context,
    post: Annotated[
        str | None,
        typer.Argument(metavar="POST", help="The post's id, or the path of its draft."),
    ] = None,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record.")],
    account: Account = None,
    consent: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Instead of a post: all that shows a picture of this consent."
        ),
    ] = None,
    gone: Annotated[
        bool,
        typer.Option(
            "--gone",
            help="Delete nothing: you looked, and what could not be deleted is not there any more.",
        ),
    ] = False,
    who: Who = None,
) -> None:
    """Delete a post from its platforms, on record.

    A thread is deleted from its end, and each part is on record at once: the log has only those
    that are still out. What the platform does not confirm is named, may still be out, and is tried
    again until it is gone; the exit code is 1 then. Nobody can
    retry a thread of which this has begun. With --consent, every post that shows a picture of it is taken down or held; its record
    in posts/consents.yaml has to say first that it was withdrawn.
    """
    from publisher.cli import tables

    require(reason, "--reason")
    actor = arguments.actor(who)
    if consent is not None and (post is not None or account is not None):
        raise UsageError(_("--consent goes without a post and without --account."))
    if consent is not None and gone:
        raise UsageError(_("--gone goes with a post, not with --consent."))
    if consent is None and post is None:
        raise UsageError(_("Name a post, or a consent with --consent."))
    app, of_account = operated(context, account)
    done: list[Withdrawn] = []
    if consent is not None:
        _refuse_consent_that_holds(app, consent)
        held, done = app.withdrawal.withdraw_consent(consent, actor=actor, reason=reason)
        for delivery in held:
            output.print_line(_("Held: {delivery}", delivery=tables.heading(delivery)))
        if not held and not done:
            output.print_line(
                _("Nothing that is out or on the schedule uses {consent}.", consent=consent)
            )
    elif post is not None:
        act = app.withdrawal.found_gone if gone else app.withdrawal.withdraw
        done = act(
            arguments.post_id(post, app.settings.posts),
            of_account,
            actor=actor,
            reason=reason,
        )
    for one in done:
        place = _("{post} on {account}", post=one.delivery.post, account=one.delivery.account)
        output.print_prose(
            _("Not withdrawn: {place}. {problem}", place=place, problem=one.problem)
            if one.problem
            else _("Withdrawn: {place}", place=place)
        )
    if any(one.problem for one in done):
        raise typer.Exit(1)


def _refuse_consent_that_holds(app: "Application", consent: str) -> None:
    """The next `queue` would bring back what was held for a consent that still stands."""
    from publisher.content import consents
    from publisher.content.problems import Findings
    from publisher.settings import CHANNELS

    records = consents.load(app.settings.posts, frozenset(CHANNELS), Findings(consents.FILE))
    if consent not in records:
        raise UsageError(
            _("{file} has no usable record {consent}.", file=consents.FILE, consent=consent),
            hint=arguments.nearest(consent, sorted(records)),
        )
    zone = arguments.session(app.settings).zone
    if records[consent].reason_to_hold(app.clock.now(), zone) is None:
        raise NotPossible(
            _("The consent {consent} still stands in {file}.", consent=consent, file=consents.FILE),
            hint=_(
                "Write `withdrawn: true` below {consent}, then run this command again.",
                consent=consent,
            ),
        )


def operated(context: typer.Context, account: str | None) -> "tuple[Application, str | None]":
    """The ledger to act on, and the account that is meant; LedgerEmpty where nothing is on it."""
    app = arguments.application(context)
    name = known_account(app, account)
    arguments.refuse_empty(app)
    return app, name


def known_account(app: "Application", given: str | None) -> str | None:
    """An account of publisher.toml, or one that was in it when something was queued for it."""
    if given in app.queries.known_accounts():
        return given
    return arguments.account(given, sorted(app.settings.accounts))


def require(text: str, option: str) -> None:
    """Refuse an option that says nothing."""
    if not text.strip():
        raise UsageError(
            _("{option} is empty.", option=option), hint=_("Say it in a few words, for the record.")
        )


def print_stopped(deliveries: "Iterable[Delivery]") -> None:
    """What becomes of those that may be out and were stopped."""
    for delivery in deliveries:
        place = {"post": delivery.post, "account": delivery.account}
        output.print_prose(
            _("{post} to {account} may be out. If it is not, it is cancelled.", **place)
            if delivery.stop is State.CANCELLED
            else _("{post} to {account} may be out. If it is not, it is rejected.", **place)
        )


def print_outcome(what: str, deliveries: "list[Delivery]") -> None:
    told = _("{name}: {value}", name=what, value=counts.deliveries(len(deliveries)))
    output.print_line(f"{told}.")
    _print_each(deliveries)


def _print_each(deliveries: "list[Delivery]") -> None:
    from publisher.cli import tables

    for delivery in deliveries:
        output.print_line(f"  {tables.heading(delivery)}")
