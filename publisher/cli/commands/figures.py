"""Command that shows what readers did with the posts: figures."""

from typing import TYPE_CHECKING

import typer

from publisher.base.i18n import _
from publisher.cli import arguments
from publisher.cli.options import Json, OfAccount, PostOrAll, Since, Until

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.model.deliveries import Delivery


def figures(
    context: typer.Context,
    post: PostOrAll = None,
    *,
    since: Since = None,
    until: Until = None,
    account: OfAccount = None,
    as_json: Json = False,
) -> None:
    """Show what readers did with the posts: views, reactions, shares, replies.

    The figures are read an hour, a day and a week after a post went out, from the platforms that
    give them. A figure that a platform does not give is shown as not given, not as zero. A thread
    has the figures of its first part.
    """
    from publisher.cli.output import console
    from publisher.cli.output.figures import print_figures
    from publisher.reporting.log_export import figures_row

    app = arguments.application(context)
    found = _deliveries(app, post, since, until, account)
    counts = app.engagement.of([delivery.id for delivery in found])
    counted = [delivery for delivery in found if delivery.id in counts]
    if as_json:
        rows = [
            {"post": d.post, "account": d.account, "figures": figures_row(counts[d.id])}
            for d in counted
        ]
        console.print_json(rows)
    elif not counted:
        console.print_prose(_("No figures yet: the first are read an hour after a post went out."))
    else:
        print_figures([(delivery, counts[delivery.id]) for delivery in counted])
    for name, reason in app.without_figures().items():
        if not as_json and (account is None or name == account):
            console.print_note(_("{name}: {value}", name=name, value=reason))


def _deliveries(
    app: "Application", post: str | None, since: str | None, until: str | None, account: str | None
) -> "list[Delivery]":
    zone = arguments.zone(app.settings)
    name = arguments.post(app, post) if post else None
    return app.queries.deliveries(
        post=name,
        since=arguments.since(since, zone),
        until=arguments.until(until, zone),
        account=arguments.account(account, app.accounts()),
    )
