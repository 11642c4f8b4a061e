"""What makes a repeat safe, or an absence certain, taken away: a promise must be seen broken."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from itertools import count
from typing import Any
from unittest import mock

from publisher.channels.base import MediaReader
from publisher.ledger.doubts import uncertainty
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.worker import attempts as attempts_module
from publisher.ledger.worker import intents as intents_module
from publisher.ledger.worker import results as results_module
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Absent, Accepted, Outcome, Unknown
from publisher.platforms.facebook import comments as of_facebook
from publisher.platforms.facebook.posts import made_at
from tests.support.simulation import comments
from tests.support.simulation.channels import Creating
from tests.support.simulation.committing import Committing, keys_of
from tests.support.simulation.drafting import Drafting
from tests.support.simulation.history import Scenario, run
from tests.support.simulation.mutants import MUTANTS as OF_THE_PROTOCOL
from tests.support.simulation.mutants import Mutant, Patch, only
from tests.support.simulation.plan import Act, Fault, Moment, Plan, Step
from tests.support.simulation.platform import Posting
from tests.support.simulation.scenarios import (
    COMMENTED,
    ON_BLUESKY,
    ON_LINKEDIN,
    ON_MASTODON,
    ON_WORDPRESS,
    THREAD_ON_BLUESKY,
    WITHOUT_KEYS,
)

_no_settling = OF_THE_PROTOCOL["an absence counts at once"][0]


def _anew(channel: type[Committing] | type[Drafting]) -> Callable[[], Patch]:
    """Whatever is prepared, it is prepared anew for each attempt."""
    prepare = channel.prepare

    def preparing(self: Any, parcel: Parcel, _known: Prepared, read: MediaReader) -> Prepared:
        return prepare(self, parcel, Prepared(), read)

    return lambda: mock.patch.object(channel, "prepare", preparing)


def _a_thread_in_two_commits() -> Patch:
    """The second one is asked for when the first is known to be out."""
    ready = Committing.ready

    def in_two(self: Committing, parcel: Parcel, prepared: Prepared, sent: Any) -> Any:
        whole = ready(self, parcel, prepared, ())
        keys = keys_of(str(prepared.draft_id), len(prepared.records))
        number = len(sent)

        def commit(lag: float) -> Outcome:
            if self._is_there(keys[number]):
                return Unknown("A record with this key exists.")
            parent = sent[-1] if sent else None
            self._make([keys[number]], [parcel.content.parts[number].text], parent, lag)
            return Accepted(keys[number])

        return Posting(parcel, parcel.content.parts[number].text, commit, whole.lacks)

    return mock.patch.object(Committing, "ready", in_two)


def _a_repeat_settles() -> Patch:
    return mock.patch.object(uncertainty, "is_sent_again", return_value=False)


def _what_is_stopped_is_repeated() -> Patch:
    return mock.patch.object(uncertainty, "is_sent_again", uncertainty.repeats_safely)


def _a_repeat_is_the_first_request() -> Patch:
    """What comes of it is all that there is, although the first request may still come."""
    stack = ExitStack()
    for module in (attempts_module, intents_module, results_module):
        stack.enter_context(mock.patch.object(module, "kept_in_doubt", lambda wish, *_: wish))
    return stack


def _a_withdrawal_is_done_at_once() -> Patch:
    return mock.patch.object(Withdrawals, "may_come_back", return_value=False)


def _each_request_has_a_key_of_its_own() -> Patch:
    number = count()
    return mock.patch.object(Creating, "_key", staticmethod(lambda *_: f"key {next(number)}"))


def _at_the_request(*acts: tuple[Act, float]) -> Callable[[Scenario], Iterator[Plan]]:
    def plans(scenario: Scenario) -> Iterator[Plan]:
        steps = run(scenario).steps
        number = next(step.number for step in steps if step.moment is Moment.REQUEST)
        yield tuple(Fault(number, act, value) for act, value in acts)

    return plans


def _then_everywhere(first: tuple[Act, float], second: Act) -> Callable[[Scenario], Iterator[Plan]]:
    """One fault at the request, and another one at any step after it, the last ones first."""

    def plans(scenario: Scenario) -> Iterator[Plan]:
        (plan,) = _at_the_request(first)(scenario)
        for step in reversed(run(scenario, plan).steps):
            if step.number > plan[0].step:
                yield (*plan, Fault(step.number, second))

    return plans


def _no_comment_is_ever_found() -> Patch:
    return mock.patch.object(comments, "find", return_value=Absent())


def _a_list_of_comments_is_sorted() -> Patch:
    """As if Facebook always obeyed: behind an older comment is no younger one."""

    def reach_before(found: Sequence[dict[str, Any]], since: datetime) -> bool:
        return any(time < since for time in map(made_at, found) if time)

    return mock.patch.object(of_facebook, "_reach_before", reach_before)


_READS = 60  # steps within which comments are read; another kind of step cannot be unsorted


def a_late_comment_is_lost(scenario: Scenario) -> Iterator[Plan]:
    """The account is held for two minutes; then no answer comes, and no list is sorted.

    By then the comments of other people are older.
    """
    plan: Plan = ()
    for act, value in ((Act.HELD, 120), (Act.ANSWER_LOST, 0)):
        requests = [step.number for step in run(scenario, plan).steps if is_comment(step)]
        plan = (*plan, Fault(requests[-1], act, value))
    lost = plan[-1].step
    yield (*plan, *(Fault(lost + later, Act.UNSORTED) for later in range(1, _READS)))


def is_comment(step: Step) -> bool:
    """Whether it is the request that makes the first comment of `COMMENTED`."""
    return step.moment is Moment.REQUEST and "§2" in step.label


MUTANTS: dict[str, Mutant] = {
    "a key is chosen anew for each attempt": (
        _anew(Committing), ON_BLUESKY, _at_the_request((Act.DONE_LATE, 58)),
    ),
    "a thread is made in two commits": (
        _a_thread_in_two_commits, THREAD_ON_BLUESKY, lambda s: only(s, Act.DIE)
    ),
    "a repeat waits until the platform has settled": (
        _a_repeat_settles, ON_BLUESKY, lambda s: only(s, Act.NOT_DONE)
    ),
    "what comes of a repeat is taken for all": (
        _a_repeat_is_the_first_request, ON_BLUESKY,
        _then_everywhere((Act.DONE_LATE, 58), Act.PAUSE),
    ),
    "what may come back is withdrawn at once": (
        _a_withdrawal_is_done_at_once, ON_BLUESKY,
        _then_everywhere((Act.DONE_LATE, 58), Act.WITHDRAW),
    ),
    "what is stopped in doubt is repeated": (
        _what_is_stopped_is_repeated, ON_BLUESKY,
        _then_everywhere((Act.DONE_LATE, 58), Act.CANCEL),
    ),
    "an absence counts at once on a server without keys": (
        _no_settling, WITHOUT_KEYS, _at_the_request((Act.DONE_LATE, 58))
    ),
    "an absence counts at once on LinkedIn": (
        _no_settling, ON_LINKEDIN, _at_the_request((Act.ANSWER_LOST, 0), (Act.LAGS, 50))
    ),
    "each request has a key of its own": (
        _each_request_has_a_key_of_its_own, ON_MASTODON, _at_the_request((Act.DONE_LATE, 120))
    ),
    "no first comment is found by reading": (
        _no_comment_is_ever_found, COMMENTED, lambda s: only(s, Act.ANSWER_LOST)
    ),
    "a list of comments is taken for sorted": (
        _a_list_of_comments_is_sorted, COMMENTED, a_late_comment_is_lost
    ),
    "a draft is made again for each attempt": (
        _anew(Drafting), ON_WORDPRESS, _at_the_request((Act.DONE_LATE, 120))
    ),
}  # fmt: skip
