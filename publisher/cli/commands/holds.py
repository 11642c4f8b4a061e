"""Commands for one post: hold, release, acknowledge."""

from typing import Annotated

import typer

from publisher.base.i18n import _, later
from publisher.cli import arguments
from publisher.cli.commands.control import operated, print_json, print_outcome
from publisher.cli.options import Account, Json, Post, Reason, Who
from publisher.cli.output import console
from publisher.model.states import State, state_name

_RELEASED = {
    State.SCHEDULED: later("On the schedule again"),
    State.AWAITING_APPROVAL: later("Waiting for an approval"),
    State.HELD: later("Still held, as its draft asks"),
}
"""What `release` leads to; what has ended stays so."""


def hold(
    context: typer.Context,
    post: Post,
    *,
    reason: Reason = None,
    account: Account = None,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Hold one post back until `publisher release`.

    No edit and no `publisher queue` lets it go in the meantime. A post that may be out already is
    held once it is known that it is not. An approval stays, unless the draft is edited.
    """
    why = arguments.reason(reason, as_json=as_json)
    app, of_account = operated(context, account, by_ledger_alone=True)
    post = arguments.post(app, post)
    before = {one.id for one in app.queries.deliveries(post=post) if one.manual_hold}
    held = app.holds.hold(
        post,
        of_account,
        arguments.actor(who),
        why,
    )
    if as_json:
        print_json(held)
        return
    certain = [delivery for delivery in held if not delivery.may_be_out]
    for was_held, what in ((False, _("Held")), (True, _("Already held, now for this reason"))):
        if found := [one for one in certain if (one.id in before) is was_held]:
            print_outcome(what, found)
    for delivery in held:
        if delivery.may_be_out:
            console.print_prose(
                _("{post} to {account} may be out. If it is not, it will be held.",
                  post=delivery.post, account=delivery.account)
            )  # fmt: skip


def release(
    context: typer.Context,
    post: Post,
    *,
    account: Account = None,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Release a post that was held with `publisher hold`.

    It goes out at its time, or at once if that time is over and it has not expired.
    """
    app, of_account = operated(context, account)
    released = app.holds.release(
        arguments.post(app, post),
        of_account,
        arguments.actor(who),
    )
    if as_json:
        print_json(released)
        return
    ended = [d for d in released if d.state not in _RELEASED]
    for state, what in _RELEASED.items():
        if found := [delivery for delivery in released if delivery.state is state]:
            print_outcome(_(what), found)
    for state in dict.fromkeys(delivery.state for delivery in ended):
        print_outcome(
            _("No longer held, but it does not go out ({state})", state=state_name(state)),
            [delivery for delivery in ended if delivery.state is state],
        )
    if ended:
        told = _("`{command}` sends it anyway.", command=f"publisher retry {ended[0].post}")
        console.print_prose(told)


def acknowledge(
    context: typer.Context,
    post: Post,
    *,
    account: Account = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Say why, for the record.")] = "",
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Acknowledge that a post in trouble may stay as it is.

    A post that failed, was missed, was stopped too late or is partly out needs attention, however
    old it is, until it is tried again, withdrawn or acknowledged. The history keeps who did.
    """
    app, of_account = operated(context, account, by_ledger_alone=True)
    done = app.control.acknowledge(
        arguments.post(app, post), of_account, arguments.actor(who), reason
    )
    if as_json:
        print_json(done)
    else:
        print_outcome(_("Acknowledged"), done)
