"""Commands of the four eyes: approve, reject."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.cli import arguments, output
from publisher.cli.control import Account, Who, require

if TYPE_CHECKING:
    from publisher.models import Delivery, Part

Posts = Annotated[
    list[str], typer.Argument(metavar="POST...", help="Posts' ids, or the paths of their drafts.")
]


def approve(
    context: typer.Context,
    posts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="POST...", help="Posts' ids, or the paths of their drafts. None: what waits."
        ),
    ] = None,
    *,
    account: Account = None,
    yes: Annotated[bool, typer.Option("--yes", help="Approve without asking.")] = False,
    who: Who = None,
) -> None:
    """Look at what waits for approval, and approve it.

    Without a post, it lists what waits. With one, it shows exactly what would go out, to whom and
    when, and asks. The approval is bound to that: any edit, another picture or another time makes
    it void. Its author cannot give it.
    """
    from publisher.ledger.approvals import digest

    app = arguments.application(context)
    name = arguments.account(account, sorted(app.settings.accounts))
    zone = arguments.zone(app.settings)
    if not posts:
        _list(app.approvals.waiting(account=name), zone)
        return
    ids = [arguments.post_id(post, app.settings.posts) for post in posts]
    shown = [delivery for post in ids for delivery in app.approvals.waiting(post, name)]
    for delivery in shown:
        _show(delivery, zone)
    if shown and not yes:
        arguments.confirm(f"Approve {output.count_of(len(shown), 'delivery', 'deliveries')}?")
    seen = {delivery.id: digest(delivery) for delivery in shown}
    approved = app.approvals.approve(ids, name, arguments.actor(who), seen)
    for delivery in approved:
        output.print_line(f"Approved: {delivery.post} to {delivery.account}")


def reject(
    context: typer.Context,
    posts: Posts,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What its author should mend.")],
    account: Account = None,
    who: Who = None,
) -> None:
    """Send a post back to its author, also one that was approved.

    It does not go out until its draft was edited and approved.
    """
    app = arguments.application(context)
    require(reason, "--reason")
    rejected = app.approvals.reject(
        [arguments.post_id(post, app.settings.posts) for post in posts],
        arguments.account(account, sorted(app.settings.accounts)),
        arguments.actor(who),
        reason.strip(),
    )
    for delivery in rejected:
        output.print_line(f"Rejected: {delivery.post} to {delivery.account}")


def _list(waiting: "Sequence[Delivery]", zone: tzinfo) -> None:
    from publisher.cli import tables

    if not waiting:
        output.print_line("Nothing waits for approval.")
        return
    tables.print_days(tables.by_time(waiting), zone)
    output.print_line()
    output.print_line(f"`publisher approve POST` shows and approves one. {output.times_of(zone)}")


def _show(delivery: "Delivery", zone: tzinfo) -> None:
    """Everything that an approval is about."""
    from publisher.cli import tables

    heading = f"{delivery.post} to {delivery.account}"
    output.print_line(output.paint(heading, "bold"))
    when = f"goes out {output.minute(tables.leaves_at(delivery), zone)}"
    if delivery.expires_at:
        when += f", or until {output.minute(delivery.expires_at, zone)} at the latest"
    output.print_line(f"{when} ({zone})")
    for note in (tables.embargo_note(delivery, zone), delivery.reason):
        if note:
            output.print_line(output.printable(note))
    output.print_line(f"written by {delivery.queued_by or 'nobody who is named'}")
    for number, part in enumerate(delivery.content.parts, 1):
        _show_part(part, number, len(delivery.content.parts))
    if delivery.content.link:
        output.print_line(f"  link: {output.printable(delivery.content.link)}")
    output.print_line()


def _show_part(part: "Part", number: int, of: int) -> None:
    if of > 1:
        output.print_line(output.paint(f"  {number} of {of}", "dim"))
    for line in part.text.splitlines():
        output.print_line(f"  {output.printable(line)}")
    for picture in part.pictures:
        alt = output.printable(picture.alt)
        output.print_line(f"  picture {picture.name}: {alt or 'decoration, without words'}")
