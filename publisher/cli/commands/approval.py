"""Commands of the four eyes: approve, reject."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import formats
from publisher.base.i18n import _
from publisher.cli import arguments, completion
from publisher.cli.commands.control import print_json, print_stopped
from publisher.cli.options import Account, Json, Who
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.model.content import Part
    from publisher.model.deliveries import Delivery

Posts = Annotated[
    list[str],
    typer.Argument(
        metavar="POST...",
        help="Posts' ids, or the paths of their drafts.",
        autocompletion=completion.posts,
    ),
]


def approve(
    context: typer.Context,
    posts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="POST...",
            help="Posts' ids, or the paths of their drafts. Default: list what is waiting.",
            autocompletion=completion.posts,
        ),
    ] = None,
    *,
    account: Account = None,
    yes: Annotated[bool, typer.Option("--yes", help="Approve without asking.")] = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Show what is waiting for approval, and approve it.

    Without a post, it lists what is waiting. With one, it shows exactly what would go out, to whom
    and when, and asks. The approval is bound to that: any edit, another picture or another time
    makes it void. Authors cannot approve their own posts.
    """
    from publisher.ledger.manager.approvals import digest, waits_for_undo

    app = arguments.application(context)
    name = arguments.account(account, sorted(app.settings.accounts))
    arguments.refuse_empty(app)
    zone = arguments.zone(app.settings)
    if not posts:
        waiting = app.approvals.waiting(account=name)
        if as_json:
            print_json(waiting)
        else:
            _list(app, waiting, zone)
        return
    ids = [arguments.post(app, post) for post in posts]
    shown = [delivery for post in ids for delivery in app.approvals.waiting(post, name)]
    if shown:
        known = [one for post in ids for one in app.queries.deliveries(post=post, account=name)]
        done = _approved_already(shown, known)
        ids = [post for post in ids if post not in {one.post for one in done}]
        if not as_json:
            _tell_approved(done)
            _show_all(app, shown, ids, zone)
    if shown and not yes:
        arguments.refuse_to_ask(as_json=as_json)
        arguments.confirm(_("Approve {deliveries}?", deliveries=formats.deliveries(len(shown))))
    seen = {delivery.id: digest(delivery) for delivery in shown}
    approved = app.approvals.approve(ids, name, arguments.actor(who), seen)
    if as_json:
        print_json(approved)
        return
    for delivery in approved:
        console.print_prose(_("Approved: {delivery}", delivery=console.heading(delivery)))
    if waits_for_undo(approved, app.clock):
        told = _("It goes out in ten seconds. Until then `publisher reject` keeps it back.")
        console.print_prose(told)


def reject(
    context: typer.Context,
    posts: Posts,
    *,
    reason: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Say what its author should correct. On a terminal, you are asked for it.",
        ),
    ] = None,
    account: Account = None,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Send a post back to its author, even one that was approved.

    It does not go out until its draft has been edited and approved.
    """
    why = arguments.reason(reason, as_json=as_json)
    app = arguments.application(context)
    name = arguments.account(account, sorted(app.settings.accounts))
    arguments.refuse_empty(app)
    rejected = app.approvals.reject(
        [arguments.post(app, post) for post in posts],
        name,
        arguments.actor(who),
        why,
    )
    if as_json:
        print_json(rejected)
        return
    for delivery in rejected:
        if not delivery.may_be_out:
            console.print_prose(_("Rejected: {delivery}", delivery=console.heading(delivery)))
    print_stopped(delivery for delivery in rejected if delivery.may_be_out)


def _approved_already(
    waiting: "Sequence[Delivery]", known: "Sequence[Delivery]"
) -> "Sequence[Delivery]":
    """Those of posts that need no approval any more."""
    open_posts = {delivery.post for delivery in waiting}
    return [one for one in known if one.approved_by and one.post not in open_posts]


def _tell_approved(done: "Sequence[Delivery]") -> None:
    for one in done:
        heading = console.heading(one)
        told = _("Already approved by {name}: {delivery}", name=one.approved_by, delivery=heading)
        console.print_prose(told)


def _show_all(
    app: "Application", waiting: "Sequence[Delivery]", ids: "Sequence[str]", zone: tzinfo
) -> None:
    """What is to be approved of these posts, and who changed each."""
    from publisher.model.events import by_program

    changed_by = app.queries.writers(ids, by_program)
    for alike in _alike(waiting):
        _show(app, alike, zone, changed_by.get(alike[0].post, ()))


def _list(app: "Application", waiting: "Sequence[Delivery]", zone: tzinfo) -> None:
    from publisher.cli.output import tables
    from publisher.reporting.outcomes import by_time

    if not waiting:
        console.print_prose(_("Nothing is waiting for approval."))
        return
    tables.print_days(by_time(waiting), zone, app.names.named)
    console.print_line()
    told = _(
        "`publisher approve POST` shows and approves one. {times}", times=console.times_of(zone)
    )
    console.print_prose(told)


def _alike(deliveries: "Sequence[Delivery]") -> "list[list[Delivery]]":
    """Those that differ by their account alone, together: a person reads each text once."""
    groups: dict[object, list[Delivery]] = {}
    for delivery in deliveries:
        groups.setdefault(_read(delivery), []).append(delivery)
    return list(groups.values())


def _read(delivery: "Delivery") -> tuple[object, ...]:
    """All that is shown of a delivery but its account."""
    return (
        delivery.post, delivery.content, delivery.due_at, delivery.embargo_until,
        delivery.expires_at, delivery.written_by, delivery.repeat, delivery.reason, delivery.pending_stop,
    )  # fmt: skip


def _show(
    app: "Application", alike: "Sequence[Delivery]", zone: tzinfo, changed_by: Sequence[str]
) -> None:
    """Everything that an approval is about; for each account in the same words."""
    from publisher.cli.output import tables
    from publisher.ledger.doubts.pending_stops import reason_of

    delivery = alike[0]
    heading = console.place(delivery.post, *(one.account for one in alike))
    console.print_prose(console.paint(heading, "bold"))
    time = console.minute(delivery.not_before, zone)
    if delivery.waits_to_begin:
        told = _(
            "goes out ten seconds after it is approved, and no later than {time} after that",
            time=formats.span(delivery.open_for),
        )
        console.print_prose(told)
    elif delivery.expires_at:
        told = _(
            "goes out {time}, or by {latest} at the latest ({zone})",
            time=time,
            latest=console.minute(delivery.expires_at, zone),
            zone=zone,
        )
        console.print_prose(told)
    else:
        console.print_prose(_("goes out {time} ({zone})", time=time, zone=zone))
    for note in (tables.embargo_note(delivery, zone), reason_of(delivery)):
        if note:
            console.print_prose(console.printable(note))
    console.print_prose(
        _("written by {queued_by}", queued_by=delivery.written_by or _("an unnamed author"))
        + (", " + _("changed by {names}", names="; ".join(changed_by)) if changed_by else "")
    )
    for one in alike:
        if one.answers:
            _show_answered(app, one.account, one.answers)
    if delivery.corrects:
        _show_corrected(app, alike)
    _show_content(delivery)
    console.print_line()


def _show_content(delivery: "Delivery") -> None:
    if delivery.content.title:
        title = console.printable(delivery.content.title)
        console.print_prose("  " + _("title: {title}", title=title))
    if delivery.content.content_warning:
        warning = console.printable(delivery.content.content_warning)
        console.print_prose(f"  {_('content warning:')} {warning}")
    messages = sum(not part.is_comment for part in delivery.content.parts)
    for number, part in enumerate(delivery.content.parts, 1):
        _show_part(part, number, messages)
    if delivery.content.link:
        console.print_prose("  " + _("link: {link}", link=console.printable(delivery.content.link)))
    if delivery.repeat:
        console.print_prose("  " + _("the same text may go out again (`repeat`)"))
    if any(part.pictures for part in delivery.content.parts):
        look = _("`publisher preview {post}` shows its pictures.", post=delivery.post)
        console.print_prose(f"  {look}")


def _show_answered(app: "Application", account: str, answers: str) -> None:
    """What the reader wrote, by its id at the platform: foreign text, and so is who it is."""
    comment = app.queries.comment(account, answers)
    console.print_prose(_("It answers a reader on {account}.", account=account))
    if comment is None:
        console.print_prose("  " + _("The comment that it answers is no longer here."))
        return
    console.print_foreign(comment.author)
    if comment.text:
        console.print_foreign(comment.text)
    else:
        console.print_prose("  " + _("It has no text: open it on its platform."))
    console.print_foreign(comment.url)
    if comment.obstacle:
        console.print_warned(comment.obstacle)


def _show_corrected(app: "Application", alike: "Sequence[Delivery]") -> None:
    """What a correction replaces on each account, beside what it says."""
    from publisher.cli.output import edits
    from publisher.model.content import Original

    told = _("It corrects {post}.", post=alike[0].corrects)
    console.print_prose(f"{told} {console.printable(alike[0].content.reason or '')}")
    for one in app.queries.aimed(alike):
        how = (
            _("its words replace those that are out")
            if one.content.edits
            else _("it goes out as a reply below the post")
        )
        console.print_prose(f"  {one.account}: {how}")
        if isinstance(one.target, Original):
            words = edits.compared(one.target.content.words, one.content.words)
            console.print_prose(f"  {words.plain}")


def _show_part(part: "Part", number: int, of: int) -> None:
    if part.is_comment:
        console.print_prose(console.paint("  " + _("first comment"), "dim"))
    elif of > 1:
        told = _("{number} of {of}", number=number, of=of)
        console.print_prose(console.paint("  " + told, "dim"))
    for line in part.text.splitlines():
        console.print_prose(f"  {console.printable(line)}")
    for picture in part.pictures:
        alt = console.printable(picture.alt) or _("decorative, without a description")
        console.print_prose("  " + _("picture {name}: {alt}", name=picture.name, alt=alt))
        if picture.credit:
            credit = console.printable(picture.credit)
            console.print_prose("    " + _("credit: {credit}", credit=credit))
        if picture.consent:
            consent = console.printable(picture.consent)
            console.print_prose("    " + _("people are in it: consent {consent}", consent=consent))
