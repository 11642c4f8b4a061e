"""The people of an installation: each command runs as a process of its own, beside the others."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from publisher.base.errors import NoSuchPost, NotPossible, PublisherError
from publisher.ledger.manager.approvals import digest
from publisher.ledger.transitions import Conflict
from publisher.model.deliveries import Delivery
from publisher.model.states import ENDED_UNSENT, WAITING, State
from publisher.planning import Change, PlannedChange
from tests.support.simulation import readers
from tests.support.simulation.desk import Desk
from tests.support.simulation.parts import SimulatedApplication
from tests.support.simulation.plan import Act, Fault, Moment
from tests.support.simulation.platform import Platform
from tests.support.simulation.said import Cause, Said, Words, tag
from tests.support.simulation.world import START, Process, World

_PAUSE = 40.0  # seconds
_LATER = timedelta(minutes=3)
ITEM, CONSENT = "item-12", "abidjan"
"""What drafts hang on, where a plan speaks of it."""


class Persons:
    """Staff and manager, who act when somebody says so."""

    def __init__(
        self,
        world: World,
        app: Callable[[], SimulatedApplication],
        platform: Platform,
        desk: Desk,
    ) -> None:
        self._world = world
        self._app = app
        self._platform = platform
        self.desk = desk
        self.said = Said()
        self.keep_going = False
        """Whether drafts with errors keep the others from being queued."""
        self._commands: list[Process] = []
        self._deeds = 0
        """Withdrawals and retries, which a restored ledger cannot know."""

    def act(self, fault: Fault) -> None:
        """Begin a command; it runs when its turn comes."""
        commands: dict[Act, Callable[[], None]] = {
            Act.PAUSE: self.pause,
            Act.PAUSE_A_WHILE: self._pause_a_while,
            Act.RESUME: self.resume,
            Act.CANCEL: self.cancel_all,
            Act.RETRY: self.decide,
            Act.EDIT: self._edit_all,
            Act.MOVE: self._move_all,
            Act.QUEUE_AGAIN: self.queue,
            Act.RENAME: self._rename_all,
            Act.APPROVE: self.approve,
            Act.REJECT: self.reject_all,
            Act.HALT: self.halt_all,
            Act.RELEASE: self.release_all,
            Act.TAKE_BACK: self.take_back,
            Act.CALL_OFF: lambda: self.call_off(ITEM),
            Act.WITHDRAW: self.withdraw_all,
            Act.HIDE: lambda: self._app().comment_acts.hide(readers.NUMBER, "direction"),
            Act.WITHDRAW_CONSENT: lambda: self.withdraw_consent(CONSENT),
        }
        self.start(fault.act, commands[fault.act])

    def start(self, name: str, command: Callable[[], None]) -> None:
        def main(_process: Process) -> None:
            try:
                command()
            except (NotPossible, NoSuchPost, Conflict):
                pass  # the person is told so
            except PublisherError:
                pass  # the ledger was away; nobody tries again

        process = Process(f"{name}-{len(self._commands) + 1}", main, restarts=False)
        self._commands.append(process)
        self._world.start(process)

    def end(self) -> None:
        """Break off every command."""
        for process in self._commands:
            self._world.kill(process)

    # the manager's hand

    def pause(self, account: str | None = None) -> None:
        said = self.said
        with said.command():
            resumes = said.resumes(account)
            self._app().control.pause(account, "crise", "direction")
            # Nobody resumed it while it waited, or is about to.
            if said.resumes(account) == resumes and not said.is_resuming(account):
                said.paused(account, self._world.elapsed)
        self._world.step(Moment.COMMAND, "pause returned")

    def _pause_a_while(self) -> None:
        self.pause()
        self._world.sleep(_PAUSE)
        self.resume()

    def resume(self) -> None:
        """Everything goes on: all that is paused or held."""
        for account in (None, *self._app().settings.accounts):
            try:
                self.resume_one(account)
            except NotPossible:
                continue

    def resume_one(self, account: str | None) -> None:
        with self.said.command(), self.said.resuming(account, self._world.elapsed):
            self._app().control.resume(account, "direction")
        self._platform.refused_since.clear()  # a person knows better

    def cancel(self, post: str) -> None:
        with self.said.command() as alone:
            cancelled = self._app().control.cancel(post, None, "direction", "changed")
            if alone():
                self.said.stop(cancelled, Cause.CANCELLED)
            else:  # who tries it again decides anew, also of what was rejected before
                for delivery in cancelled:
                    self.said.let_go(delivery.post, Cause.REJECTED)

    def cancel_all(self) -> None:
        self._for_each_post(self.cancel)

    def manual_hold(self, post: str) -> None:
        with self.said.command() as alone:
            held_by_hand = self._app().holds.hold(post, None, "direction", "wait")
            if alone():
                self.said.held_by_hand |= {(d.post, d.account) for d in held_by_hand}

    def halt_all(self) -> None:
        self._for_each_post(self.manual_hold)

    def release(self, post: str) -> None:
        with self.said.command():
            self.said.held_by_hand = {key for key in self.said.held_by_hand if key[0] != post}
            self._app().holds.release(post, None, "direction")

    def release_all(self) -> None:
        self._for_each_post(self.release)

    def retry(self, delivery: Delivery) -> None:
        with self.said.command():
            self._deeds += 1
            self.said.let_go(delivery.post, Cause.CANCELLED, Cause.GONE)
            seen = {delivery.id: delivery.doubt}
            self._app().control.retry(delivery.post, delivery.account, "direction", seen)

    def resolve(self, delivery: Delivery, ids: tuple[str, ...]) -> None:
        with self.said.command():
            self._app().control.resolve(delivery.post, delivery.account, ids, "direction")

    def decide(self, *, only_doubts: bool = False) -> None:
        """Look at the accounts, and say of what did not go out whether it is out.

        Nobody is asked to decide while a request may still have an effect.
        """
        for delivery in self._app().queries.deliveries():
            if self._platform.under_way:
                return
            try:
                if delivery.state is State.UNCERTAIN and (ids := self._seen(delivery)):
                    self.resolve(delivery, ids)
                elif self._was_out(delivery):
                    continue  # under other words, or it was withdrawn
                elif delivery.state is State.UNCERTAIN or not only_doubts:
                    self.retry(delivery)
            except (NotPossible, Conflict):
                continue

    def _was_out(self, delivery: Delivery) -> bool:
        """Whether people know of a post that the ledger has forgotten, with what they did to it."""
        tags = {tag(part.text) for part in delivery.content.parts[len(delivery.remote_ids) :]}
        its = (post for post in self._platform.ever_public if post.account == delivery.account)
        return self.said.is_rewritten and any(tag(post.made_as) in tags for post in its)

    def _seen(self, delivery: Delivery) -> tuple[str, ...]:
        """The ids of the next parts of a delivery, as a person sees them on the account."""
        if delivery.content.edits:
            return self._seen_edit(delivery)
        known = {i for other in self._app().queries.deliveries() for i in other.remote_ids}
        texts = [part.text for part in delivery.content.parts[len(delivery.remote_ids) :]]
        parent = delivery.remote_ids[-1] if delivery.remote_ids else delivery.answers
        ids: list[str] = []
        for text in texts:
            wanted = (delivery.account, text, parent)
            parent = next(
                (
                    post.id
                    for post in self._platform.public
                    if (post.account, post.text, post.parent) == wanted and post.id not in known
                ),
                None,
            )
            if parent is None:
                break
            ids.append(parent)
        return tuple(ids)

    def _seen_edit(self, delivery: Delivery) -> tuple[str, ...]:
        """The id of the post that a delivery edits, if it shows the new words."""
        its = (d for d in self._app().queries.deliveries() if d.post == delivery.corrects)
        ids = [i for d in its if d.account == delivery.account for i in d.remote_ids[:1]]
        shown = (post for post in self._platform.public if post.id in ids)
        return tuple(post.id for post in shown if post.text == delivery.content.joined)

    def withdraw(self, post: str) -> None:
        with self.said.command():
            self._deeds += 1
            self._app().delivery.withdrawal.withdraw(
                post, None, actor="direction", reason="an error"
            )

    def withdraw_all(self) -> None:
        self._for_each_post(self.withdraw)

    # approvals

    def approve(self, post: str | None = None) -> None:
        """Look at what waits for it, and approve it."""
        approvals, said = self._app().approvals, self.said
        for delivery in approvals.waiting(post):
            with suppress(NotPossible, Conflict), said.command(), said.agreeing(delivery):
                said.let_go(delivery.post, Cause.REJECTED)
                seen = {delivery.id: digest(delivery)}
                approvals.approve([delivery.post], delivery.account, "direction", seen)

    def reject(self, post: str) -> None:
        with self.said.command() as alone:
            rejected = self._app().approvals.reject([post], None, "direction", "not like this")
            if alone():
                self.said.stop(rejected, Cause.REJECTED)
                self.said.void((d.post, d.account) for d in rejected)

    def reject_all(self) -> None:
        self._for_each_post(self.reject)

    def take_back(self) -> None:
        """Take back what was decided last on each delivery, where nothing happened since."""
        undo, said = self._app().undo, self.said
        decided = [d for d in self._app().queries.deliveries() if d.state in WAITING]
        possible = undo.possible(decided, "direction")
        for key, version in possible.items():
            (delivery,) = (d for d in decided if d.id == key)
            name = (delivery.post, delivery.account)
            with suppress(NotPossible, Conflict), said.command() as alone:
                said.held_by_hand.discard(name)
                said.let_go(delivery.post, Cause.REJECTED)
                (now,) = undo.take_back({key: version}, "direction", START - timedelta(days=1))
                if alone() and now.state is State.REJECTED:
                    said.stop([now], Cause.REJECTED)
                if alone() and now.state is not State.SCHEDULED:
                    said.void([name])

    def remember(self) -> Words:
        """What a backup that is taken now knows of people's words."""
        said = self.said
        known = said.agreed(), dict(said.stops), dict(said.withdrawn_consents)
        return Words(
            *known,
            held_by_hand=frozenset(said.held_by_hand),
            deeds=self._deeds + self.desk.changes,
            pauses=tuple(said.pauses),
        )

    # drafts, agenda and consents

    def queue(self) -> None:
        said = self.said
        with said.command() as alone:
            for draft in self.desk.files():
                said.let_go(draft.id, Cause.GONE, *(() if draft.held else (Cause.HELD,)))
            plan = self._app().planner.queue(actor="redaction", keep_going=self.keep_going)
            if not alone() or (plan.errors and not self.keep_going):
                return
            self.said.void((c.post, c.account) for c in plan.changes if c.wish)
            said.stop((c.delivery for c in plan.changes if c.delivery and _cancels(c)), Cause.GONE)
            wrong = {problem.file for problem in plan.problems}
            held = {d.id for d in self.desk.files() if d.held and d.file not in wrong}
            said.stop((d for d in self._unsent() if d.post in held), Cause.HELD)

    def _unsent(self) -> list[Delivery]:
        """What is not out, or is held if it turns out not to be.

        What somebody cancelled is left out: no draft changes it, and who tries it again knows.
        """
        return [
            delivery
            for delivery in self._app().peek()
            if delivery.in_reach
            or delivery.state is State.FAILED
            or (delivery.may_be_out and delivery.pending_stop is State.HELD)
        ]

    def edit(self, number: int) -> None:
        """Another text for all of a draft that is not out."""
        post = self.desk.drafts[number].id
        its = self._app().queries.deliveries(post=post)
        if self.desk.edit(number, max((len(d.remote_ids) for d in its), default=0)):
            self.said.let_go(post, Cause.REJECTED)

    def move(self, number: int, by: timedelta) -> None:
        self.desk.move(number, by)
        self.said.let_go(self.desk.drafts[number].id, Cause.REJECTED)

    def delete(self, number: int) -> None:
        self.desk.delete(number)
        self.said.let_go(self.desk.drafts[number].id, Cause.REJECTED)

    def move_item(self, item: str, by: timedelta) -> None:
        """Move an item of the agenda, with all that hangs on it."""
        for number in self.desk.hanging_on(item):
            self.move(number, by)

    def call_off(self, item: str) -> None:
        """Cancel an item of the agenda."""
        self.desk.cancelled.add(item)
        for number in self.desk.hanging_on(item):  # to be held is more, and ends a rejection
            self.said.let_go(self.desk.drafts[number].id, Cause.REJECTED)
        self.queue()

    def withdraw_consent(self, consent: str) -> None:
        self.desk.withdrawn.add(consent)
        withdrawal = self._app().delivery.withdrawal
        with self.said.command() as alone:
            held, _done = withdrawal.withdraw_consent(consent, actor="direction", reason="family")
            if alone():
                # People are told of these.
                self.said.withdrawn_consents[consent] = frozenset(
                    (d.post, d.account)
                    for d in self._app().peek()
                    if not (d.in_reach or d.may_be_out or d.state in ENDED_UNSENT)
                )
                self.said.void((d.post, d.account) for d in held)

    def _edit_all(self) -> None:
        self.desk.each(self.edit)
        self.queue()

    def _move_all(self) -> None:
        self.desk.each(lambda number: self.move(number, _LATER))
        self.queue()

    def _rename_all(self) -> None:
        self.desk.each(self.desk.rename)
        self.queue()

    def _for_each_post(self, act: Callable[[str], None]) -> None:
        for draft in self.desk.files():
            try:
                act(draft.id)
            except (NotPossible, NoSuchPost):
                continue


def _cancels(change: PlannedChange) -> bool:
    """Whether its draft takes it off the schedule, at once or once it is known not to be out."""
    stop = change.pending_stop and change.pending_stop.state
    return change.kind is Change.CANCEL or stop is State.CANCELLED
