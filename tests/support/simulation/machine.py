"""Histories that Hypothesis makes up rule by rule: people, platforms and processes, in any order.

After every rule, and once all has come to rest, the six promises are asserted.
"""

from contextlib import ExitStack, closing

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from publisher.ledger.integrity import after_restore
from publisher.ledger.integrity.forgotten import NEXT_LOOK
from tests.support.simulation import history, promises
from tests.support.simulation.desk import Desk
from tests.support.simulation.office import DRAFT, STEPS, Office, Wanted
from tests.support.simulation.plan import Act
from tests.support.simulation.random_plans import ANSWERS, TROUBLES, Aim
from tests.support.simulation.said import Backup
from tests.support.simulation.stage import Stage
from tests.support.simulation.world import World

MOST_RULES = 40
"""In one history, of Hypothesis's choosing."""
_SHORT = st.sampled_from([1, 3, 10])
_LONG = st.sampled_from([30, 90, 300])


class Newsroom(Office):
    """One installation, its people, and all that goes wrong."""

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        self._is_broken = False
        self._backup: Backup | None = None
        self._stale = False
        self._set_back = 0.0  # seconds: all that is due waits so much longer

    @initialize(
        seed=st.integers(0, 2**16),
        dispatchers=st.integers(1, 2),
        workers=st.integers(1, 2),
        first=st.lists(DRAFT, min_size=1, max_size=2),
        aims=st.lists(st.sampled_from(ANSWERS + TROUBLES), max_size=3),
    )
    def open(
        self, seed: int, dispatchers: int, workers: int, first: list[Wanted], aims: list[Aim]
    ) -> None:
        self.world = World((), seed, only_possible=True)
        desk = Desk([])
        self._open.enter_context(history.surroundings(self.world, desk))
        self.stage = Stage(self.world, desk, dispatchers=dispatchers, workers=workers)
        self._open.callback(self.stage.close)
        self.persons, self.desk = self.stage.persons, desk
        self.persons.keep_going = True
        self.watch = promises.Watch(self.stage)
        self._resumes_at_last = seed % 2 == 0
        for aim in aims:
            self._aim(aim)
        for wanted in first:
            self._write(self._new_draft(wanted), 0, approved=wanted.approved)

    # the world

    @rule(seconds=_SHORT)
    def wait(self, seconds: float) -> None:
        self.world.let_pass(seconds)

    @rule(seconds=_LONG)
    def wait_long(self, seconds: float) -> None:
        self.world.let_pass(seconds)

    @rule(steps=st.integers(1, 12))
    def go_on(self, steps: int) -> None:
        self.world.take(steps)

    @rule(aim=st.sampled_from(ANSWERS), steps=STEPS)
    def answer_otherwise(self, aim: Aim, steps: int) -> None:
        """The next request, or the next handing over to the broker, ends like this."""
        self._aim(aim)
        self.world.take(steps)

    @rule(aim=st.sampled_from(TROUBLES), steps=STEPS)
    def make_trouble(self, aim: Aim, steps: int) -> None:
        """At the next such step its process dies or stands still, or the ledger is away."""
        self._aim(aim)
        self.world.take(steps)

    def _aim(self, aim: Aim) -> None:
        if aim[1] is Act.STALE:
            if self._stale:  # two of them are beyond the promise: see random_plans.py
                return
            self._stale = True
        self.world.aim(*aim)

    @rule(by=st.sampled_from([-3600, -30, 30, 300]))
    def set_clock(self, by: float) -> None:
        self.world.set_clock(by)
        if by < 0:
            self._set_back -= by
            self._backup = None  # what it knows may be of the future

    # backups

    @precondition(lambda self: self.desk.drafts and self.persons.said.is_quiet)
    @rule()
    def back_up(self) -> None:
        self.stage.app().audit.seal(always=True)
        ledger = self._open.enter_context(closing(self.stage.database.copy()))
        self._backup = Backup(ledger, self.persons.remember())

    @precondition(lambda self: self._backup is not None)
    @rule(reads=st.booleans())
    def restore(self, reads: bool) -> None:
        """As docs/deployment.md tells, step by step.

        `reads`: whether workers read the platforms before people look at them.
        Only as long as nobody edited, renamed, withdrew or tried again anything since: that no
        restored ledger can know, and the page says what people have to look for.
        """
        backup = self._backup
        if backup is None or not backup.words.is_still_known(self.persons.remember()):
            return
        self.stage.shut_down()
        self.stage.database.put_back(backup.ledger)
        self.persons.said.restored(backup.words.agreed)
        app = self.stage.app()
        after_restore.face(app.database, app.clock, "direction")
        self.persons.queue()
        if not reads:
            self.persons.decide(only_doubts=True)
        self.stage.start()
        if reads:
            self.world.let_pass(2 * NEXT_LOOK)
            self.persons.decide(only_doubts=True)
        self.persons.resume()

    # what must hold

    @invariant()
    def nothing_is_broken(self) -> None:
        self._insist(promises.broken_already(self.stage, self.watch))

    def teardown(self) -> None:
        try:
            with self._open:
                if not self._is_broken:
                    self._come_to_rest()
        finally:
            history.checked[self._is_broken] += 1

    def _come_to_rest(self) -> None:
        if self._resumes_at_last:
            self._begin("resume", self.persons.resume, 0)
            self._begin("approve", self.persons.approve, 0)
        longest = history.LONGEST + self._set_back  # a post waits for its time by the new clock
        self.world.run(longest)
        self._insist(promises.broken(self.stage, self.watch))
        history.decide(self.stage, longest)
        self._insist(promises.broken(self.stage, self.watch))
        breaks = self.stage.app().audit.verify().breaks
        self._insist([f"untrue: the history was changed: {each}" for each in breaks])

    def _insist(self, broken: list[str]) -> None:
        self._is_broken = self._is_broken or bool(broken)
        assert not broken, "\n".join([*map(str, self.world.steps), *broken])
