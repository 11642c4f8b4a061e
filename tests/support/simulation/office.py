"""The rules of people: what they write, change, approve and stop, in any order."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import ENDED_UNSENT, State
from tests.support.simulation import parts
from tests.support.simulation.desk import Desk
from tests.support.simulation.persons import CONSENT, ITEM, Persons
from tests.support.simulation.stage import Stage
from tests.support.simulation.world import World

_ADDRESSEES = (
    ("bice-x",),
    ("bice-page",),
    ("apg-x",),
    ("bice-sky",),
    ("bice-fedi",),
    ("bice-x", "bice-page"),
    ("apg-x", "apg-page"),
    ("bice-x", "apg-x"),
    ("apg-sky", "bice-sky"),
    ("bice-in", "bice-wp", "bice-snac"),
)
_MOST_DRAFTS = 6
STEPS = st.integers(0, 10)
"""After a command has begun."""
_NUMBER = st.integers(0, _MOST_DRAFTS - 1)
_ACCOUNT = st.sampled_from([None, "bice-x", "bice-page", "apg-x", "bice-sky"])
_BY = st.sampled_from([timedelta(seconds=s) for s in (20, 180, 900, -20, -180)])


class Wanted(NamedTuple):
    """A draft; times are in seconds from now."""

    to: tuple[str, ...]
    parts: int
    due: int
    embargo: int | None
    expires: int
    pictured: bool
    on_item: bool
    approved: bool
    """At once, by a second person."""


DRAFT = st.builds(
    Wanted,
    to=st.sampled_from(_ADDRESSEES),
    parts=st.sampled_from([1, 1, 2, 3]),
    due=st.sampled_from([2, 5, 5, 60, 300]),
    embargo=st.sampled_from([None, None, None, 20, 200]),
    expires=st.sampled_from([20, 120, 3600, 3600, 3600]),
    pictured=st.booleans(),
    on_item=st.booleans(),
    approved=st.booleans(),
)


class Office(RuleBasedStateMachine):
    """The people of one installation. Each command begins, and a few steps are taken, of
    anybody.
    """

    world: World
    stage: Stage
    persons: Persons
    desk: Desk

    # people write drafts

    @precondition(lambda self: len(self.desk.drafts) < _MOST_DRAFTS)
    @rule(wanted=DRAFT, steps=STEPS)
    def write(self, wanted: Wanted, steps: int) -> None:
        self._write(self._new_draft(wanted), steps, approved=wanted.approved)

    def _new_draft(self, wanted: Wanted) -> Post:
        name = f"post-{len(self.desk.drafts) + 1}"
        now = self.world.now()
        embargo = wanted.embargo
        return Post(
            id=name,
            file=f"posts/{name}.md",
            to=wanted.to,
            due_at=now + timedelta(seconds=wanted.due),
            embargo_until=None if embargo is None else now + timedelta(seconds=embargo),
            expires_after=timedelta(seconds=wanted.expires),
            anchor=ITEM if wanted.on_item else None,
            media=(parts.picture(CONSENT),) if wanted.pictured else (),
            texts={"": tuple(f"{name} §{n + 1} v0" for n in range(wanted.parts))},
        )

    @precondition(lambda self: 0 < len(self.desk.drafts) < _MOST_DRAFTS)
    @rule(number=_NUMBER, repeat=st.booleans(), due=st.sampled_from([10, 300]), steps=STEPS)
    def copy(self, number: int, repeat: bool, due: int, steps: int) -> None:
        """The same text in another file: meant to go out again only where it says so."""
        number %= len(self.desk.drafts)
        original = self._draft(number)
        if not self.desk.may_copy(number):
            return
        name = f"post-{len(self.desk.drafts) + 1}"
        update = {
            "id": name,
            "file": f"posts/{name}.md",
            "due_at": self.world.now() + timedelta(seconds=due),
            "repeat": repeat,
        }
        self.desk.write_copy(draft := original.model_copy(update=update), number)
        if repeat:
            self.persons.said.mean([draft])
        self._begin("queue", self.persons.queue, steps)

    @precondition(lambda self: 0 < len(self.desk.drafts) < _MOST_DRAFTS)
    @rule(number=_NUMBER, due=st.sampled_from([10, 300]), steps=STEPS)
    def begin_alike(self, number: int, due: int, steps: int) -> None:
        """Another thread that begins with the same words."""
        original = self._draft(number)
        name = f"post-{len(self.desk.drafts) + 1}"
        update = {
            "id": name,
            "file": f"posts/{name}.md",
            "due_at": self.world.now() + timedelta(seconds=due),
            "texts": {"": (original.texts[""][0], f"{name} §2 v0")},
        }
        self._write(original.model_copy(update=update), steps)

    def _write(self, draft: Post, steps: int, *, approved: bool = False) -> None:
        self.desk.write(draft)
        self.persons.said.mean([draft])

        def command() -> None:
            self.persons.queue()
            if approved:
                self.persons.approve(draft.id)

        self._begin("queue", command, steps)

    # people change them

    @precondition(lambda self: self.desk.drafts)
    @rule(number=_NUMBER, steps=STEPS)
    def edit(self, number: int, steps: int) -> None:
        self.persons.edit(number % len(self.desk.drafts))
        self._begin("queue", self.persons.queue, steps)

    @precondition(lambda self: self.desk.drafts)
    @rule(number=_NUMBER, by=_BY, steps=STEPS)
    def move(self, number: int, by: timedelta, steps: int) -> None:
        self.persons.move(number % len(self.desk.drafts), by)
        self._begin("queue", self.persons.queue, steps)

    @precondition(lambda self: self.desk.drafts)
    @rule(number=_NUMBER, steps=STEPS)
    def rename(self, number: int, steps: int) -> None:
        self.desk.rename(number % len(self.desk.drafts))
        self._begin("queue", self.persons.queue, steps)

    @precondition(lambda self: self.desk.drafts)
    @rule(number=_NUMBER, back=st.booleans(), steps=STEPS)
    def delete(self, number: int, back: bool, steps: int) -> None:
        """Delete a draft's file, or bring it back."""
        act = self.desk.bring_back if back else self.persons.delete
        act(number % len(self.desk.drafts))
        self._begin("queue", self.persons.queue, steps)

    @rule(steps=STEPS)
    def queue_again(self, steps: int) -> None:
        self._begin("queue", self.persons.queue, steps)

    @rule(by=_BY, steps=STEPS)
    def move_item(self, by: timedelta, steps: int) -> None:
        self.persons.move_item(ITEM, by)
        self._begin("queue", self.persons.queue, steps)

    @rule(back=st.booleans(), steps=STEPS)
    def call_off(self, back: bool, steps: int) -> None:
        """Cancel the item of the agenda, or let it take place after all."""
        if back:
            self.desk.cancelled.discard(ITEM)
            self._begin("queue", self.persons.queue, steps)
        else:
            self._begin("call off", lambda: self.persons.call_off(ITEM), steps)

    @rule(steps=STEPS)
    def withdraw_consent(self, steps: int) -> None:
        self._begin("withdraw consent", lambda: self.persons.withdraw_consent(CONSENT), steps)

    # people approve and intervene

    @rule(steps=STEPS)
    def approve(self, steps: int) -> None:
        self._begin("approve", self.persons.approve, steps)

    @precondition(lambda self: self.desk.drafts)
    @rule(number=_NUMBER, steps=STEPS)
    def reject(self, number: int, steps: int) -> None:
        post = self._draft(number).id
        self._begin("reject", lambda: self.persons.reject(post), steps)

    @precondition(lambda self: self.desk.drafts)
    @rule(number=_NUMBER, steps=STEPS)
    def manual_hold(self, number: int, steps: int) -> None:
        """Hold one post by hand."""
        post = self._draft(number).id
        self._begin("hold by hand", lambda: self.persons.manual_hold(post), steps)

    @precondition(lambda self: self.persons.said.held_by_hand)
    @rule(number=_NUMBER, steps=STEPS)
    def release(self, number: int, steps: int) -> None:
        held_by_hand = sorted(post for post, _account in self.persons.said.held_by_hand)
        post = held_by_hand[number % len(held_by_hand)]
        self._begin("release", lambda: self.persons.release(post), steps)

    @rule(steps=STEPS)
    def take_back(self, steps: int) -> None:
        self._begin("take back", self.persons.take_back, steps)

    @rule()
    def ask_for_approvals(self) -> None:
        self.stage.ask_for_approvals()

    @precondition(lambda self: self.desk.drafts)
    @rule(number=_NUMBER, steps=STEPS)
    def cancel(self, number: int, steps: int) -> None:
        post = self._draft(number).id
        self._begin("cancel", lambda: self.persons.cancel(post), steps)

    @rule(account=_ACCOUNT, steps=STEPS)
    def pause(self, account: str | None, steps: int) -> None:
        self._begin("pause", lambda: self.persons.pause(account), steps)

    @rule(account=_ACCOUNT, steps=STEPS)
    def resume(self, account: str | None, steps: int) -> None:
        self._begin("resume", lambda: self.persons.resume_one(account), steps)

    @rule(steps=STEPS)
    def resume_all(self, steps: int) -> None:
        self._begin("resume", self.persons.resume, steps)

    @precondition(lambda self: self._ended_unsent())
    @rule(number=_NUMBER, steps=STEPS)
    def retry(self, number: int, steps: int) -> None:
        ended = self._ended_unsent()
        delivery = ended[number % len(ended)]
        self._begin("retry", lambda: self.persons.retry(delivery), steps)

    @precondition(lambda self: any(d.state is State.UNCERTAIN for d in self.stage.app().peek()))
    @rule(steps=STEPS)
    def decide(self, steps: int) -> None:
        """Look at the accounts, and say what is there."""
        self._begin("decide", lambda: self.persons.decide(only_doubts=True), steps)

    @precondition(lambda self: self.desk.drafts)
    @rule(number=_NUMBER, steps=STEPS)
    def withdraw(self, number: int, steps: int) -> None:
        post = self._draft(number).id
        self._begin("withdraw", lambda: self.persons.withdraw(post), steps)

    def _begin(self, name: str, command: Callable[[], None], steps: int) -> None:
        self.persons.start(name, command)
        self.world.take(steps)

    def _draft(self, number: int) -> Post:
        return self.desk.drafts[number % len(self.desk.drafts)]

    def _ended_unsent(self) -> list[Delivery]:
        return [d for d in self.stage.app().peek() if d.state in ENDED_UNSENT]
