"""Commands that intervene: pause, resume, cancel, retry."""

from typing import TYPE_CHECKING, Annotated

import typer

from publisher.cli import arguments, output

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.models import Delivery

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
    app = arguments.application(context)
    name = _account(app, account)
    _require(reason, "--reason")
    unanswered = app.ledger.pause(name, reason, arguments.actor(who))
    output.print_line(f"Paused: {name or 'everything'}. Nothing leaves any more.")
    if unanswered:
        output.print_line(
            "These were already on their way and have not been answered; they may be out:"
        )
        _print_each(unanswered)


def resume(context: typer.Context, *, account: Account = None, who: Who = None) -> None:
    """Go on publishing after a pause, or after an account was held.

    Shows what fell due meanwhile: it goes out now, unless it has expired.
    """
    app = arguments.application(context)
    name = _account(app, account)
    overdue = app.ledger.resume(name, arguments.actor(who))
    output.print_line(f"Resumed: {name or 'everything'}.")
    if overdue:
        count = output.count_of(len(overdue), "delivery", "deliveries")
        output.print_line(f"{count} fell due meanwhile and will go out now:")
        _print_each(overdue)


def cancel(
    context: typer.Context,
    post: Post,
    *,
    account: Account = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record.")] = "",
    who: Who = None,
) -> None:
    """Take a post off the schedule, before it is out.

    The draft stays as it is, and queueing it again does not bring the post back.
    """
    app = arguments.application(context)
    cancelled = app.ledger.cancel(
        arguments.post_id(post, app.settings.posts),
        _account(app, account),
        arguments.actor(who),
        reason or "cancelled by a person",
    )
    _print_outcome("Cancelled", cancelled)


def retry(context: typer.Context, post: Post, *, account: Account = None, who: Who = None) -> None:
    """Try a post again that failed, was missed or was cancelled.

    For a post whose outcome is uncertain, look at the account first: with this command you say
    that the post is not there.
    """
    app = arguments.application(context)
    scheduled = app.ledger.retry(
        arguments.post_id(post, app.settings.posts),
        _account(app, account),
        arguments.actor(who),
    )
    _print_outcome("On the schedule again", scheduled)


def _account(app: "Application", given: str | None) -> str | None:
    return arguments.account(given, sorted(app.settings.accounts))


def _require(text: str, option: str) -> None:
    from publisher.errors import UsageError

    if not text.strip():
        raise UsageError(f"{option} is empty.", hint="Say it in a few words, for the record.")


def _print_outcome(what: str, deliveries: "list[Delivery]") -> None:
    output.print_line(f"{what}: {output.count_of(len(deliveries), 'delivery', 'deliveries')}.")
    _print_each(deliveries)


def _print_each(deliveries: "list[Delivery]") -> None:
    for delivery in deliveries:
        output.print_line(f"  {delivery.post} to {delivery.account}")
