"""The people of an installation: each command runs as a process of its own, beside the others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from publisher.app import Application
from publisher.errors import NoSuchPost, NotPossible, PublisherError
from publisher.ledger.moves import Moved
from publisher.models import Delivery, Post
from publisher.states import State
from tests.support.simulation.plan import Act, Fault, Moment
from tests.support.simulation.platform import Platform
from tests.support.simulation.world import Process, World

_PAUSE = 40.0  # seconds


@dataclass
class Pause:
    """A pause of everything: from when on it holds, in real seconds."""

    returned_at: float
    resumed_at: float | None = None


class Persons:
    """Staff and manager, who act when the plan says so."""

    def __init__(
        self,
        world: World,
        app: Callable[[], Application],
        platform: Platform,
        drafts: list[Post],
    ) -> None:
        self._world = world
        self._app = app
        self._platform = platform
        self.drafts = drafts
        self.pauses: list[Pause] = []
        self._edits = 0
        self._renamed = False
        self._commands = 0

    def act(self, fault: Fault) -> None:
        """Begin a command; it runs when its turn comes."""
        commands: dict[Act, Callable[[], None]] = {
            Act.PAUSE: self.pause,
            Act.PAUSE_A_WHILE: self._pause_a_while,
            Act.RESUME: self.resume,
            Act.CANCEL: self.cancel,
            Act.RETRY: self.decide,
            Act.EDIT: self._edit,
            Act.MOVE: self._move,
            Act.QUEUE_AGAIN: self.queue,
            Act.RENAME: self._rename,
        }
        self.start(fault.act, commands[fault.act])

    def start(self, name: str, command: Callable[[], None]) -> None:
        self._commands += 1

        def main(_process: Process) -> None:
            try:
                command()
            except (NotPossible, NoSuchPost, Moved):
                pass  # the person is told so
            except PublisherError:
                pass  # the ledger was away; nobody tries again

        self._world.start(Process(f"{name}-{self._commands}", main, restarts=False))

    def pause(self) -> None:
        self._app().control.pause(None, "crise", "direction")
        self.pauses.append(Pause(self._world.elapsed))
        self._world.step(Moment.COMMAND, "pause returned")

    def _pause_a_while(self) -> None:
        self.pause()
        self._world.sleep(_PAUSE)
        self.resume()

    def resume(self) -> None:
        """Everything goes on: from the moment the command begins, requests may leave."""
        for pause in self.pauses:
            pause.resumed_at = pause.resumed_at or self._world.elapsed
        control = self._app().control
        for account in (None, *self._app().settings.accounts):
            try:
                control.resume(account, "direction")
            except NotPossible:
                continue

    def cancel(self) -> None:
        for draft in self.drafts:
            try:
                self._app().control.cancel(draft.id, None, "direction", "changed")
            except NotPossible:
                continue

    def decide(self) -> None:
        """Look at the accounts, and say of what did not go out whether it is out.

        Nobody is asked to decide while a request may still have an effect.
        """
        app = self._app()
        if self._platform.under_way:
            return
        for delivery in app.queries.deliveries():
            try:
                if delivery.state is not State.UNCERTAIN:
                    app.control.retry(delivery.post, delivery.account, "direction")
                elif remote_id := self._seen(delivery):
                    ids = (remote_id,)
                    app.control.resolve(delivery.post, delivery.account, ids, "direction")
                else:
                    app.control.retry(delivery.post, delivery.account, "direction")
            except (NotPossible, Moved):
                continue

    def _seen(self, delivery: Delivery) -> str | None:
        """The id of the next part of a delivery, as a person sees it on the account."""
        text = "\n\n".join(part.text for part in delivery.content.parts)
        if delivery.channel == "twitter":
            text = delivery.content.parts[len(delivery.remote_ids)].text
        for post in self._platform.public:
            if (post.account, post.text) == (delivery.account, text):
                return post.id
        return None

    # drafts

    def queue(self) -> None:
        self._app().planner.queue(actor="redaction")

    def _edit(self) -> None:
        """Another text for all that is not out.

        What got another name before, or gets one later, is let alone: a draft with another name
        and another text is another draft, and nothing in it tells that it once was this one.
        """
        if self._renamed:
            return
        self._edits += 1
        app = self._app()
        for number, draft in enumerate(self.drafts):
            out = max((len(d.remote_ids) for d in app.queries.deliveries(post=draft.id)), default=0)
            kept, rest = draft.texts[""][:out], draft.texts[""][out:]
            edited = tuple(f"{part.partition(' v')[0]} v{self._edits}" for part in rest)
            self.drafts[number] = draft.model_copy(update={"texts": {"": kept + edited}})
        self.queue()

    def _move(self) -> None:
        self._change(lambda draft: {"due_at": draft.due_at and draft.due_at + timedelta(minutes=3)})

    def _rename(self) -> None:
        if self._edits:
            return
        self._renamed = True
        self._change(lambda draft: {"id": f"{draft.id}-renamed", "file": f"{draft.file}-renamed"})

    def _change(self, update: Callable[[Post], dict[str, object]]) -> None:
        self.drafts[:] = [draft.model_copy(update=update(draft)) for draft in self.drafts]
        self.queue()
