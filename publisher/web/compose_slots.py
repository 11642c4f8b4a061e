"""Compose slots: the next free slot of the accounts that a form is for."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.drafts import rendering
from publisher.drafts.times import in_zone
from publisher.drafts.when import When
from publisher.model import slots
from publisher.model.accounts import Account
from publisher.model.problems import Flaw
from publisher.model.states import ENDED_UNSENT
from publisher.web.compose_form import ComposeForm
from publisher.web.dependencies import Parts
from publisher.web.time_fields import TimeFields


def filled(parts: Parts, post: str, form: ComposeForm) -> ComposeForm:
    """The form with the time of the next free slot. Raises UsageError if there is none."""
    app, session = parts.app, parts.app.session()
    accounts = app.settings.public_accounts()
    chosen = [accounts[name] for name in form.account or () if name in accounts]
    if not any(one.slots for one in chosen):
        raise UsageError(
            _("None of the chosen accounts has slots."),
            hint=_("Choose an account that has, or a time."),
        )
    now = app.clock.now()
    taken = _taken(parts, chosen, post, now)
    while at := slots.next_free(chosen, taken, session.zone, now):
        local = at.astimezone(session.zone).replace(tzinfo=None)
        if not isinstance(in_zone(local, session.zone), Flaw):
            break
        for one in chosen:  # the clocks of the session show it twice: the form cannot say which
            taken[one.name].add(at)
    if at is None:
        raise UsageError(
            _("The chosen accounts have no free slot in common within a year."),
            hint=_("Choose a time."),
        )
    when = TimeFields.of(When(kind="time", local=local))
    return replace(form, when=when.kind, at=when.at)


def _taken(
    parts: Parts, accounts: Collection[Account], post: str, now: datetime
) -> dict[str, set[datetime]]:
    """When other posts go out on these accounts: those on the schedule, and drafts."""
    app, taken = parts.app, defaultdict(set)
    names = {one.name for one in accounts}
    for account in names:
        for one in app.queries.deliveries(account=account, since=now):
            if one.post != post and one.due_at and one.state not in ENDED_UNSENT:
                taken[account].add(one.due_at)
    known = app.settings.public_accounts()
    for draft in parts.drafts.drafts(app).posts.values():
        if draft.due_at and draft.due_at > now and draft.id != post:
            for recipient in rendering.recipients(draft, known)[0]:
                taken[recipient.name].add(draft.due_at)
    return taken
