"""What goes wrong, and at which step: a history is a scenario and a plan, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Moment(StrEnum):
    """What a step is."""

    BEGIN = "begin"
    """A transaction that writes is about to begin."""
    COMMITTED = "committed"
    LOOK = "look"
    """A transaction that only reads is about to begin."""
    WOKE = "woke"
    """A process slept until an instant."""
    MESSAGE = "message"
    """The dispatcher is about to give a batch to the broker."""
    TAKEN = "taken"
    """A worker took a message from the broker."""
    REQUEST = "request"
    """A request that makes something public is about to leave."""
    PREPARATION = "preparation"
    """A request is about to leave that prepares something; nobody sees it."""
    DELETION = "deletion"
    """A request is about to leave that takes down what is public."""
    READING = "reading"
    """A request that only reads is about to leave."""
    SENT = "sent"
    """It left, and the platform will take it up only later."""
    REACHED = "reached"
    """The platform did what was asked; the answer is on its way."""
    ANSWERED = "answered"
    """The answer came, or the client gave up waiting; nobody wrote it down yet."""
    COMMAND = "command"
    """A person's command begins, or has returned."""


class Act(StrEnum):
    """What goes wrong; `Fault.value` is in seconds where it needs a length."""

    DIE = "die"
    """The process ends here; what it had in memory is gone."""
    FREEZE = "freeze"
    JUMP = "jump"
    """Everybody's wall clock is set forward or back."""
    WRONG = "wrong"
    """Everybody's wall clock is wrong by so much for half a minute, while the platforms' is
    right.
    """
    # the ledger, at LOOK, BEGIN and COMMITTED
    AWAY = "away"
    """The connection breaks: at BEGIN nothing is written, at COMMITTED it is, unknown to us."""
    # the broker, at MESSAGE
    LOST = "lost"
    DOUBLED = "doubled"
    DELAYED = "delayed"
    REFUSED_BY_BROKER = "refused by the broker"
    TAKEN_UNSAID = "taken by the broker, which does not say so"
    # the platform, at REQUEST, PREPARATION and READING
    REFUSED = "refused"
    DEFERRED = "deferred"
    HELD = "held"
    """The account is held for so many seconds."""
    HELD_FOR_A_PERSON = "held for a person"
    ALIKE = "refused, for the post or for the account"
    OUTAGE = "outage"
    """From then on and for so many seconds, nothing of the account is published, and no end is
    named."""
    ANSWER_LOST = "answer lost"
    """It is done, and no answer comes within the client's time-out."""
    NOT_DONE = "not done"
    """It is not done, and no answer comes."""
    DONE_LATE = "done late"
    """No answer comes, and it is done so many seconds after the client gave up."""
    DUPLICATE = "duplicate"
    """Not done: the platform says that the text is there already."""
    SLOW = "slow"
    """Done, and the answer takes nearly as long as the client waits."""
    LAGS = "lags"
    """Done, and the timeline shows it only after so many seconds."""
    RESTS = "rests"
    """Done, and the account is to rest for so many seconds."""
    PUBLISHES_EARLY = "publishes early"
    """What was to stay unpublished is public at once."""
    IGNORED = "ignored"
    """Not done, although the answer says so; one that looks at what it did sees that."""
    STALE = "stale"
    """Reading shows the account as it was so many seconds ago."""
    UNSORTED = "unsorted"
    """A list of comments is not sorted by their time."""
    UNREADABLE = "unreadable"
    """Reading gives no certainty."""
    # the ledger, at any step, and alone: what was said to it since is lost
    GOES_BACK = "goes back"
    """It is as it was so many seconds ago, and its processes do not hear of it."""
    # the machine, at any step, and alone
    POWER_CUT = "power cut"
    """All processes die, and are started again a minute later."""
    PUT_BACK = "put back"
    """The same, and the ledger and the broker are as they were so many seconds ago. There are no
    marks, as if none had been written since."""
    # the installation, at any step
    SECOND_LEDGER = "second ledger"
    """Another installation begins, with the same drafts and accounts, and a ledger of its own."""
    # a person, at any step
    PAUSE = "pause"
    PAUSE_A_WHILE = "pause a while"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    EDIT = "edit"
    MOVE = "move"
    QUEUE_AGAIN = "queue again"
    RENAME = "rename"
    APPROVE = "approve"
    REJECT = "reject"
    HALT = "hold by hand"
    RELEASE = "release"
    TAKE_BACK = "take back"
    """What was decided last: an approval, a rejection or a hold."""
    CALL_OFF = "call off"
    """The item of the agenda on which drafts hang is cancelled."""
    WITHDRAW_CONSENT = "withdraw a consent"
    WITHDRAW = "withdraw"
    HIDE = "hide what it answers"
    """A reader's comment is hidden."""
    RULE = "rule"
    """All accounts come to need approvals, and all processes are started anew."""


PERSON = frozenset(
    {
        Act.PAUSE, Act.PAUSE_A_WHILE, Act.RESUME, Act.CANCEL, Act.RETRY, Act.EDIT, Act.MOVE,
        Act.QUEUE_AGAIN, Act.RENAME, Act.APPROVE, Act.REJECT, Act.HALT, Act.RELEASE, Act.TAKE_BACK, Act.CALL_OFF,
        Act.WITHDRAW_CONSENT, Act.WITHDRAW, Act.HIDE, Act.RULE,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong at one step (counted from 1; 0: a clock that is wrong at first)."""

    step: int
    act: Act
    value: float = 0.0

    def __str__(self) -> str:
        return f"step {self.step}: {self.act}" + (f" {self.value:g} s" if self.value else "")


Plan = tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step of a history."""

    number: int
    moment: Moment
    process: str
    label: str
    elapsed: float
    """Real seconds since the history began."""

    def __str__(self) -> str:
        where = f"{self.number:4} {self.elapsed:9.3f} s  {self.process:12}"
        return f"{where} {self.moment} {self.label.partition(chr(10))[0]}"


_EVERYWHERE: tuple[tuple[Act, float], ...] = (
    (Act.DIE, 0),
    (Act.FREEZE, 4),
    (Act.FREEZE, 45),
    (Act.FREEZE, 200),
    (Act.JUMP, -3600),
    (Act.JUMP, -30),
    (Act.JUMP, 30),
    (Act.JUMP, 300),
    (Act.WRONG, 60),
    (Act.WRONG, -3600),
    (Act.PAUSE, 0),
    (Act.PAUSE_A_WHILE, 0),
    (Act.CANCEL, 0),
    (Act.RETRY, 0),
    (Act.EDIT, 0),
    (Act.MOVE, 0),
    (Act.QUEUE_AGAIN, 0),
    (Act.RENAME, 0),
)
SOMEWHERE: dict[Moment, tuple[tuple[Act, float], ...]] = {
    Moment.LOOK: ((Act.AWAY, 0),),
    Moment.BEGIN: ((Act.AWAY, 0),),
    Moment.COMMITTED: ((Act.AWAY, 0),),
    Moment.MESSAGE: (
        (Act.LOST, 0),
        (Act.DOUBLED, 0),
        (Act.DELAYED, 30),
        (Act.REFUSED_BY_BROKER, 0),
        (Act.TAKEN_UNSAID, 0),
    ),
    Moment.REQUEST: (
        (Act.REFUSED, 0),
        (Act.DEFERRED, 0),
        (Act.HELD, 30),
        (Act.HELD_FOR_A_PERSON, 0),
        (Act.ALIKE, 0),
        (Act.OUTAGE, 100),
        (Act.ANSWER_LOST, 0),
        (Act.NOT_DONE, 0),
        (Act.DONE_LATE, 3),
        (Act.DONE_LATE, 58),
        (Act.DUPLICATE, 0),
        (Act.SLOW, 0),
        (Act.LAGS, 50),
        (Act.RESTS, 30),
        (Act.IGNORED, 0),
    ),
    Moment.PREPARATION: (
        (Act.PUBLISHES_EARLY, 0),
        (Act.REFUSED, 0),
        (Act.DEFERRED, 0),
        (Act.HELD, 30),
        (Act.HELD_FOR_A_PERSON, 0),
        (Act.ANSWER_LOST, 0),
        (Act.NOT_DONE, 0),
        (Act.DONE_LATE, 50),
        (Act.SLOW, 0),
    ),
    Moment.DELETION: (
        (Act.REFUSED, 0),
        (Act.DEFERRED, 0),
        (Act.ANSWER_LOST, 0),
        (Act.NOT_DONE, 0),
        (Act.DONE_LATE, 3),
        (Act.SLOW, 0),
    ),
    Moment.READING: (
        (Act.DEFERRED, 0),
        (Act.HELD, 30),
        (Act.HELD_FOR_A_PERSON, 0),
        (Act.UNREADABLE, 0),
        (Act.STALE, 300),
        (Act.UNSORTED, 0),
        (Act.SLOW, 0),
    ),
}
GOES_BACK = (0.0, 1.0, 20.0, 3600.0)
"""Seconds; 0: only the last commit is lost, 3600: all since it was queued."""
_LAST_INSTANT = 4.0
"""Seconds that a worker may stand still between its last look at the clock and its request. What
is longer is beyond the promise: see docs/reliability.md."""


def possible(step: Step) -> Iterator[Fault]:
    """Every fault that this step can have."""
    # Whatever else strikes while nothing is written may as well strike at the step beside it.
    everywhere = () if step.moment is Moment.LOOK else _EVERYWHERE
    for act, value in (*everywhere, *SOMEWHERE.get(step.moment, ())):
        too_long = act is Act.FREEZE and value > _LAST_INSTANT
        if not (too_long and step.moment is Moment.REQUEST):
            yield Fault(step.number, act, value)
