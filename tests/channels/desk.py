"""A Page, and a ledger whose deliveries a worker takes there."""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part
from publisher.model.deliveries import Delivery, Prepared, Wish
from publisher.model.states import State
from publisher.platforms.facebook.stand_in import graph
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.store import StoredPost
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne, Waiting, courier_with
from tests.support.wishes import add, wish

if TYPE_CHECKING:
    from tests.channels.conftest import Stage

TEXT = "Bonjour à tous"


@cache
def one_client() -> Waiting:
    """The client of all desks: each has a thread, and files that stay open."""
    return Waiting()


@dataclass
class Desk:
    """A Page, and a ledger whose deliveries a worker takes there."""

    stage: "Stage"
    ledger: Ledger
    dispatch: Dispatch
    attempts: OneByOne
    queries: Queries
    clock: ManualClock

    def queue(self, text: str = TEXT, post: str = "post.fr", **more: Any) -> Wish:
        wanted = self.wish(text, post, **more)
        add(self.ledger, wanted)
        return wanted

    def wish(self, text: str = TEXT, post: str = "post.fr", **more: Any) -> Wish:
        account = {"account": self.stage.account.name, "channel": self.stage.name}
        content = {"content": Content(parts=(Part(text=text),), lang="fr")}
        return wish(self.clock, post, **{"due_in": 1, **account, **content, **more})

    def work(self, attempts: OneByOne | None = None) -> None:
        """Let a worker take what is due now as far as it goes."""
        channel = self.stage.open()
        courier = courier_with(
            attempts or self.attempts,
            lambda _account: nullcontext(channel),
            self.clock,
            timeout=self.stage.patience,
            client=one_client(),
        )
        for claim in self.dispatch.claim(self.clock.ahead(2), self.clock.ahead(17), 10):
            courier.deliver([claim])

    def lay_ready(self) -> None:
        """Let a worker lay a post ready, and end before it sends it."""
        self.queue()
        channel = self.stage.open()
        (claim,) = self.dispatch.claim(self.clock.ahead(2), self.clock.ahead(17), 1)
        delivery = self.attempts.take(claim)
        assert delivery
        parcel = self.stage.parcel(TEXT, post=delivery.post)
        prepared = channel.prepare(parcel, Prepared(), lambda _digest: b"")
        prepared = prepared.model_copy(update={"digest": delivery.content.digest})
        self.attempts.checkpoint(delivery, prepared, self.clock.ahead(17))
        assert self.there == [(TEXT, False)]

    def lose(self, what: What = What.HANG_UP, endpoint: str = "createFeedPost") -> None:
        """Let the answers to such requests get lost, until `mend`."""
        self.stage.sandbox.faults.set([Fault(what=what, endpoint=endpoint, commit=True)])

    def mend(self, wait: float = 4) -> None:
        """All goes well from now on, and it is time for the next attempt."""
        self.stage.sandbox.faults.set([])
        self.clock.advance(wait)

    def lie(self, text: str = TEXT, **more: Any) -> StoredPost:
        """Put an unpublished post on the Page, as the app of this account makes it."""
        store, now = self.stage.sandbox.store, self.clock.now()
        account = self.stage.sandbox.accounts[1]
        assert account.name == self.stage.account.name
        entry = StoredPost(
            "facebook",
            account.name,
            f"{account.page_id}_{store.new_id()}",
            text,
            **{"created_at": now, "received_at": now, "app": graph.app_id(account), **more},
        )
        entry.published = more.get("published", False)
        store.add(entry)
        return entry

    @property
    def delivery(self) -> Delivery:
        (delivery,) = self.queries.deliveries()
        return delivery

    def state(self) -> State:
        return self.delivery.state

    @property
    def there(self) -> list[tuple[str, bool]]:
        """What is on the Page: each post's text, and whether it is public."""
        posts = self.stage.sandbox.state()["posts"]
        return [(post["text"], post["published"]) for post in posts if not post["deleted"]]

    def requests(self, endpoint: str) -> int:
        return int(self.stage.sandbox.state()["requests"].get(endpoint, 0))

    def told(self, post: str = "post.fr") -> str:
        """What the history says of what is prepared."""
        steps = self.queries.history(post)
        return " ".join(
            step.detail["message"]
            for step in steps
            if step.event == "prepared" and "message" in step.detail
        )
