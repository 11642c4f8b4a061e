"""The command withdraw: takes posts down from their platforms."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import progress
from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.base.text import suggestion
from publisher.cli import arguments, completion
from publisher.cli.commands.control import operated, print_json
from publisher.cli.options import Account, DryRun, Json, Reason, Who, Yes
from publisher.cli.output import console
from publisher.model.states import state_name

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.delivery.withdraw import Withdrawn
    from publisher.model.deliveries import Delivery


def withdraw(
    context: typer.Context,
    post: Annotated[
        str | None,
        typer.Argument(
            metavar="POST",
            help="The post's id, or the path of its draft.",
            autocompletion=completion.posts,
        ),
    ] = None,
    *,
    reason: Reason = None,
    account: Account = None,
    consent: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Withdraw everything that shows a picture with this consent, instead of one post.",
        ),
    ] = None,
    gone: Annotated[
        bool,
        typer.Option(
            "--gone",
            help="Delete nothing, but put on record that you looked, and that what could not be "
            "deleted is no longer there.",
        ),
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Delete a post from its platforms, on record.

    It shows what is out, then asks: nothing brings a deleted post back.

    A thread is deleted from its end, and each part is on record at once: the log has only those
    that are still out. What the platform does not confirm is named, may still be out, and is tried
    again until it is gone; the exit code is then 1. Once this has begun, nobody can retry the
    thread. With --consent, every post that shows a picture with that consent is taken down or held;
    the record in posts/consents.yaml must first say that the consent was withdrawn.
    """
    if consent is not None and (post is not None or account is not None):
        raise UsageError(_("Use --consent without a post and without --account."))
    if consent is not None and gone:
        raise UsageError(_("Use --gone with a post, not with --consent."))
    if consent is None and post is None:
        raise UsageError(_("Name a post, or a consent with --consent."))
    actor = arguments.actor(who)
    if dry_run:
        app, of_account = operated(context, account)
        concerned = (
            _showing(app, consent)
            if consent is not None
            else _out(app, arguments.post(app, str(post)), of_account, actor, gone=gone)
        )
        _preview(concerned, as_json=as_json)
        return
    why = arguments.reason(reason, as_json=as_json)
    if not yes:
        arguments.refuse_to_ask(as_json=as_json)
    app, of_account = operated(context, account)
    held: Sequence[Delivery] = ()
    if consent is not None:
        held, done = _all_of(app, consent, actor, why, yes=yes)
    else:
        done = _one(app, arguments.post(app, str(post)), of_account, actor, why, gone=gone, yes=yes)
    if as_json:
        _print_json(app, held, done)
    else:
        _print(held, done)
        if consent is not None and not held and not done:
            told = _("Nothing that is out or on the schedule uses {consent}.", consent=consent)
            console.print_prose(told)
    if any(one.problem for one in done):
        raise typer.Exit(1)


def _print_json(
    app: "Application", held: "Sequence[Delivery]", done: "Sequence[Withdrawn]"
) -> None:
    """The deliveries as they are now, and what could not be deleted."""
    problems = [
        {"post": one.delivery.post, "account": one.delivery.account, "message": one.problem}
        for one in done
        if one.problem
    ]
    ids = {delivery.id for delivery in (*held, *(one.delivery for one in done))}
    posts = {delivery.post for delivery in (*held, *(one.delivery for one in done))}
    now = [one for post in sorted(posts) for one in app.queries.deliveries(post=post)]
    print_json((one for one in now if one.id in ids), problems=problems)


def _print(held: "Sequence[Delivery]", done: "Sequence[Withdrawn]") -> None:
    for delivery in held:
        console.print_prose(_("Held: {delivery}", delivery=console.heading(delivery)))
    for one in done:
        place = _("{post} on {account}", post=one.delivery.post, account=one.delivery.account)
        console.print_prose(
            _("Not withdrawn: {place}. {problem}", place=place, problem=one.problem)
            if one.problem
            else _("Withdrawn: {place}", place=place)
        )


def _one(
    app: "Application",
    post: str,
    account: str | None,
    actor: str,
    why: str,
    *,
    gone: bool,
    yes: bool,
) -> "list[Withdrawn]":
    """A post; with `gone`, nothing is deleted, and the log believes whoever looked."""
    if not yes:
        _ask(
            _out(app, post, account, actor, gone=gone),
            _("Put on record that they are no longer there?")
            if gone
            else _("Delete them from their platforms?"),
        )
    act = app.delivery.withdrawal.found_gone if gone else app.delivery.withdrawal.withdraw
    with progress.shown():
        return act(post, account, actor=actor, reason=why)


def _all_of(
    app: "Application", consent: str, actor: str, why: str, *, yes: bool
) -> "tuple[list[Delivery], list[Withdrawn]]":
    """Everything that shows a picture of a consent; what is not out is held."""
    showing = _showing(app, consent)
    if not yes:
        _ask(showing, _("Take down what is out, and hold the rest?"))
    with progress.shown():
        return app.delivery.withdrawal.withdraw_consent(consent, actor=actor, reason=why)


def _out(
    app: "Application", post: str, account: str | None, actor: str, *, gone: bool
) -> "list[Delivery]":
    """What is out of a post; with `gone`, what could not be deleted."""
    out = app.control.withdrawable(post, account, actor)
    return [delivery for delivery in out if delivery.withdrawn_ids is not None] if gone else out


def _showing(app: "Application", consent: str) -> "list[Delivery]":
    """What shows a picture of a consent that ended."""
    _refuse_consent_that_holds(app, consent)
    return app.delivery.withdrawal.showing(consent)


def _refuse_consent_that_holds(app: "Application", consent: str) -> None:
    """The next `queue` would bring back what was held for a consent that still stands."""
    from publisher.drafts import consents
    from publisher.model.problems import Findings

    records = consents.load(app.settings.posts, Findings(consents.FILE))
    if consent not in records:
        message = _(
            "{file} has no usable record of {consent}.", file=consents.FILE, consent=consent
        )
        raise UsageError(message, hint=suggestion(consent, sorted(records)))
    zone = arguments.session(app.settings).zone
    if records[consent].reason_to_hold(app.clock.now(), zone) is None:
        names = {"consent": consent, "file": consents.FILE}
        message = _("The consent {consent} is still valid in {file}.", **names)
        hint = _("Write `withdrawn: true` below {consent}, then run this command again.", **names)
        raise NotPossible(message, hint=hint)


def _ask(concerned: "Sequence[Delivery]", question: str) -> None:
    """Show what the command is about, and ask."""
    _show(concerned)
    if concerned:
        arguments.confirm(question)


def _preview(concerned: "Sequence[Delivery]", *, as_json: bool) -> None:
    """Show what the command is about, and do nothing."""
    if as_json:
        print_json(concerned)
        return
    _show(concerned)
    if concerned:
        console.print_prose(_("Nothing was done."))
    else:
        console.print_prose(_("There is nothing to withdraw."))


def _show(concerned: "Sequence[Delivery]") -> None:
    """What the command is about, with addresses to look at."""
    for delivery in concerned:
        told = _(
            "{name}: {value}", name=console.heading(delivery), value=state_name(delivery.state)
        )
        console.print_prose(told)
        if delivery.url:
            console.print_line(f"  {console.printable(delivery.url)}")
