"""A mandate as it might be: which posts it would not cover, and which approvals would be void.

What a delivery may do is checked as it is checked when it leaves, against the ledger.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from publisher.app import Application
from publisher.drafts import rendering
from publisher.ledger.manager.approvals import is_approved
from publisher.model import mandates
from publisher.model.accounts import Mandate
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import WAITING, State
from publisher.settings.settings import Settings
from publisher.web.draft_cache import KnownDrafts

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A delivery, or a draft that is not queued, that the mandate would not cover."""

    post: str
    delivery: Delivery | None
    draft: Post | None
    reason: str


@dataclass(frozen=True, slots=True)
class MandateImpact:
    """What another mandate would bring."""

    uncovered: Sequence[Uncovered]
    void: Sequence[Delivery]
    """Deliveries that could go out now, and would need an approval then."""
    is_cut: bool
    """Whether there are more than are shown."""


def impact(
    app: Application, drafts: KnownDrafts, account: str, mandate: Mandate | None
) -> MandateImpact:
    """Compare the account's present mandate with another one; None: without any."""
    settings = _with(app.settings, account, mandate)
    present = app.settings.accounts[account].mandate
    zone = drafts.session.zone
    waiting = app.queries.deliveries(account=account, state=WAITING)
    changed_by = app.queries.writers(sorted({d.post for d in waiting}))

    def breach(of: Mandate | None, delivery: Delivery) -> str | None:
        names = changed_by.get(delivery.post, ())
        found = mandates.breaches(
            of, account, delivery.written_by, delivery.not_before, zone, names
        )
        return next((one.message for one in found), None)

    uncovered = [
        Uncovered(delivery.post, delivery, None, reason)
        for delivery in waiting
        if (reason := breach(mandate, delivery)) and not breach(present, delivery)
    ]
    uncovered += _unqueued(app, drafts, account, present, mandate)
    rules = app.settings.approval_rule(account), settings.approval_rule(account)
    void = [
        delivery
        for delivery in waiting
        if delivery.state is State.SCHEDULED
        and is_approved(delivery, rules[0])
        and not is_approved(delivery, rules[1])
    ]
    is_cut = max(len(uncovered), len(void)) > _SHOWN
    return MandateImpact(uncovered[:_SHOWN], void[:_SHOWN], is_cut)


def _unqueued(
    app: Application,
    drafts: KnownDrafts,
    account: str,
    present: Mandate | None,
    mandate: Mandate | None,
) -> list[Uncovered]:
    """The drafts for the account that could not be queued any more."""
    accounts = app.settings.public_accounts()
    known = app.queries.known_posts(sorted(drafts.posts))

    def breach(of: Mandate | None, post: Post) -> str | None:
        zone = drafts.session.zone
        found = mandates.breaches(of, account, post.author, post.not_before, zone)
        return next((one.message for one in found), None)

    return [
        Uncovered(post.id, None, post, reason)
        for post in drafts.posts.values()
        if post.id not in known
        and any(one.name == account for one in rendering.recipients(post, accounts)[0])
        and (reason := breach(mandate, post))
        and not breach(present, post)
    ]


def _with(settings: Settings, account: str, mandate: Mandate | None) -> Settings:
    entry = settings.accounts[account].model_copy(update={"mandate": mandate})
    return settings.model_copy(update={"accounts": {**settings.accounts, account: entry}})


def lines(account: str, mandate: Mandate | None) -> str:
    """The lines of publisher.toml that give the account this mandate; empty for none."""
    if mandate is None:
        return ""
    people = {"authors": mandate.authors, "approvers": mandate.approvers}
    days = {"since": mandate.since, "until": mandate.until}
    # JSON and TOML write a list of texts alike.
    values = {key: json.dumps(names, ensure_ascii=False) for key, names in people.items() if names}
    values |= {key: day.isoformat() for key, day in days.items() if day}
    found = [f"{key} = {value}" for key, value in values.items()]
    return "\n".join([f"[accounts.{account}.mandate]", *found])
