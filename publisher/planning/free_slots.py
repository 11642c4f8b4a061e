"""Free slots: when the accounts of a new post have a time of the week for it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.drafts import rendering
from publisher.drafts.session import Session
from publisher.drafts.times import in_zone
from publisher.ledger.reading.queries import Queries
from publisher.model import slots
from publisher.model.accounts import Account
from publisher.model.posts import Post
from publisher.model.problems import Flaw
from publisher.model.states import ENDED_UNSENT
from publisher.settings.settings import Settings


class FreeSlots:
    """The slots of accounts at which they have no other post, on the schedule or in a draft."""

    def __init__(
        self, settings: Settings, queries: Queries, session: Session, drafts: Iterable[Post]
    ) -> None:
        self._known = settings.public_accounts()
        self._queries, self._session, self._drafts = queries, session, drafts

    def next(self, accounts: Collection[str], now: datetime, *, but: str = "") -> datetime:
        """The next one that all these accounts have, on the session's clock, without its zone.

        `but`: the post that it is for, whose own time is free. UsageError if there is none.
        """
        chosen = [self._known[name] for name in accounts if name in self._known]
        if not any(one.slots for one in chosen):
            raise UsageError(
                _("None of the chosen accounts has slots."),
                hint=_("Choose an account that has slots, or a time."),
            )
        zone, taken = self._session.zone, self._taken(chosen, now, but)
        while at := slots.next_free(chosen, taken, zone, now):
            local = at.astimezone(zone).replace(tzinfo=None)
            if not isinstance(in_zone(local, zone), Flaw):
                return local
            for one in chosen:  # the session's clocks show it twice: a draft cannot say which
                taken[one.name].add(at)
        raise UsageError(
            _("The chosen accounts have no free slot in common within a year."),
            hint=_("Choose a time."),
        )

    def _taken(
        self, accounts: Collection[Account], now: datetime, but: str
    ) -> dict[str, set[datetime]]:
        taken = defaultdict[str, set[datetime]](set)
        for account in {one.name for one in accounts}:
            for one in self._queries.deliveries(account=account, since=now):
                if one.post != but and one.state not in ENDED_UNSENT:
                    taken[account].add(one.due_at)
        for draft in self._drafts:
            if draft.due_at and draft.due_at > now and draft.id != but:
                for recipient in rendering.recipients(draft, self._known)[0]:
                    taken[recipient.name].add(draft.due_at)
        return taken
