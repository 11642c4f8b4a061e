"""The report about one workspace, from its ledger and settings."""

from datetime import datetime

from publisher import reporting
from publisher.app import Application


def report(
    app: Application,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    account: str | None = None,
) -> str:
    """The page about what is due from `since` to before `until`, on one account or all."""
    session, settings = app.session(), app.settings
    scope = reporting.Scope(
        title=session.name or settings.workspace.name,
        language=settings.language,
        zone=session.zone,
        since=since,
        until=until,
        account=account,
    )
    return reporting.render(
        scope,
        app.queries.deliveries(since=since, until=until, account=account),
        app.queries.steps_of(reporting.EVENTS, since=since, until=until, account=account),
        accounts=settings.public_accounts(),
        rule_of=settings.approval_rule,
        now=app.clock.now(),
    )
