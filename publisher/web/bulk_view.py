"""What a decision on several posts at once would do to each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from publisher.app import Application
from publisher.ledger.manager.approvals import state_to_go_on
from publisher.ledger.manager.rights import Person, Rank
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from publisher.web.decisions import CONCERNS, differing
from publisher.web.review_view import AT_ONCE


@dataclass(frozen=True, slots=True)
class Effect:
    """What a decision does to deliveries of one post and one state."""

    deliveries: Sequence[Delivery]
    target: State
    """Its state afterwards; where it may be out, if it is not."""
    goes_at: datetime | None
    """When they go out because their time is over; None: at their time, or not."""

    @property
    def is_late(self) -> bool:
        return self.goes_at is not None


@dataclass(frozen=True, slots=True)
class BulkPost:
    """A post among those that are decided on together."""

    post: str
    first: Delivery
    effects: Sequence[Effect]
    """Empty: the decision is not possible for any of its deliveries."""
    beyond: Sequence[str]
    """The accounts that the decision would concern, and that the person has no right over."""
    differing: Sequence[str]
    """Of a retry, the accounts for which the draft says something else by now."""
    doubtful: Sequence[str]
    """Of a retry, the accounts on which somebody has to look first whether it is out."""

    @property
    def is_possible(self) -> bool:
        return bool(self.effects) and not self.differing

    @property
    def seen(self) -> list[str]:
        """The versions of the deliveries as they are shown: `12:3` is version 3 of number 12."""
        return [f"{d.id}:{d.version}" for effect in self.effects for d in effect.deliveries]


def bulk(app: Application, person: Person, do: str, posts: Iterable[str]) -> list[BulkPost]:
    """What the decision would do to each of these posts, in the order of their times."""
    found = [of for post in dict.fromkeys(posts) if (of := app.queries.deliveries(post=post))]
    shown = sorted((_post(app, person, do, of) for of in found), key=_order)
    times = app.control.times_of_late(
        [
            delivery
            for one in shown
            if one.is_possible
            for effect in one.effects
            if effect.target is State.SCHEDULED
            for delivery in effect.deliveries
        ]
    )
    return [replace(one, effects=_by_time(one.effects, times)) for one in shown]


def in_trouble(app: Application, person: Person) -> list[str]:
    """The newest posts whose trouble the person may leave as it is, as many as at once."""
    accounts = app.queries.unresolved_accounts()
    own = [one for one in accounts if app.rights.permits(person, Rank.MANAGER, [one])]
    return app.queries.unresolved_posts(own, AT_ONCE)


def _order(one: BulkPost) -> tuple[datetime, str]:
    return one.first.not_before, one.post


def _post(app: Application, person: Person, do: str, deliveries: Sequence[Delivery]) -> BulkPost:
    concerned = [d for d in deliveries if CONCERNS[do](d)]
    beyond = {d.account for d in concerned if not app.rights.permits(person, Rank.MANAGER, [d.account])}  # fmt: skip
    own = [d for d in concerned if d.account not in beyond]
    doubtful = {d.account for d in own if do == "retry" and d.state is State.UNCERTAIN}
    decided = [d for d in own if d.account not in doubtful]
    accounts = {d.account for d in decided}
    post = deliveries[0].post
    return BulkPost(
        post,
        (own or deliveries)[0],
        _effects(app, do, decided),
        sorted(beyond),
        differing(app, post, accounts) if do == "retry" and accounts else (),
        sorted(doubtful),
    )


def _effects(app: Application, do: str, deliveries: Sequence[Delivery]) -> list[Effect]:
    groups: dict[tuple[State, bool, State], list[Delivery]] = {}
    for d in deliveries:
        groups.setdefault((d.state, d.may_be_out, _target(app, do, d)), []).append(d)
    return [Effect(some, target, None) for (*_from, target), some in groups.items()]


def _by_time(effects: Sequence[Effect], times: Mapping[int, datetime]) -> list[Effect]:
    """The same effects, apart where something goes out at another time because it is late."""
    found: list[Effect] = []
    for effect in effects:
        groups: dict[datetime | None, list[Delivery]] = {}
        for delivery in effect.deliveries:
            groups.setdefault(times.get(delivery.id), []).append(delivery)
        found += [Effect(some, effect.target, at) for at, some in groups.items()]
    return found


def _target(app: Application, do: str, delivery: Delivery) -> State:
    """The state to which the decision leads; where it may be out, if it is not."""
    if do == "acknowledge":
        return delivery.state
    if do == "hold":
        return State.HELD
    if do == "cancel":
        return State.CANCELLED
    if do == "release" and delivery.state is not State.HELD:
        return delivery.state
    if delivery.draft_hold or (do == "retry" and delivery.manual_hold):
        return State.HELD
    return state_to_go_on(delivery, app.settings.approval_rule(delivery.account))
