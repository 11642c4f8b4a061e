"""Comment watch: the thread that reads readers' comments, and hides and deletes what people want.

It asks the platforms with connections and readers of its own, and rests while a post is about to
leave or a rate limit is half used up: it never delays a post. Of several processes, one makes each
reading (see comment_readings.py).
"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from publisher.base.clock import Clock
from publisher.base.errors import PublisherError
from publisher.base.i18n import _
from publisher.channels.comments import CommentReader, CommentsUnavailable, CountingReader
from publisher.channels.spec import CommentSupport
from publisher.delivery.comment_judge import judge
from publisher.delivery.comment_pace import CommentPace
from publisher.ledger.comments.comment_budget import CommentBudget
from publisher.ledger.comments.comment_checks import CommentChecks
from publisher.ledger.comments.comment_readings import CommentReading, CommentReadings, WatchedPost
from publisher.ledger.comments.comment_wishes import CommentWishes, OpenWish
from publisher.model.alarms import Signs
from publisher.model.reader_comments import CommentState
from publisher.settings.schema import CommentSettings

_LOOK = 3.0  # real seconds between two looks for what is due
_PLAN = 15.0  # real seconds between two looks for new posts
_READINGS = 300
"""The most readings of one look, whatever is due: the next one goes on."""
_HALF = 0.5
_REST = timedelta(minutes=5)
"""The pause while a rate limit is used up by half: the rest of it is for posts."""
_BUSY = timedelta(seconds=10)
_BUSY_MOST = timedelta(seconds=60)
_LONGEST = timedelta(minutes=30)
_FOR_A_PERSON = timedelta(minutes=10)
_CHECK = timedelta(hours=6)
"""How often it is asked whether the platform still has a comment; a day where that is charged, or
requests are rationed.
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WatchedAccount:
    """An account whose comments can be read."""

    support: CommentSupport
    is_read: bool
    """Whether new ones are read; what is stored is looked after in any case."""
    has_fees: bool


class CommentWatch:
    """Reads, hides and deletes readers' comments."""

    def __init__(
        self,
        readings: CommentReadings,
        checks: CommentChecks,
        wishes: CommentWishes,
        budget: CommentBudget,
        accounts: Callable[[], Mapping[str, WatchedAccount]],
        open_reader: Callable[[str], CommentReader],
        is_busy: Callable[[str], bool],
        signs: Callable[[], Signs],
        settings: CommentSettings,
        clock: Clock,
        known: Callable[[], Collection[str]] | None = None,
    ) -> None:
        """`open_reader` opens what reads the comments of an account.

        `is_busy`: whether something of an account is about to leave. `known`: all accounts of the
        settings, also those that this process cannot read; None: nobody says.
        """
        self._known = known
        self._readings = readings
        self._checks = checks
        self._wishes = wishes
        self._budget = budget
        self._accounts = accounts
        self._open = open_reader
        self._is_busy = is_busy
        self._signs = signs
        self._settings = settings
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="comments", daemon=True)
        self._planned = float("-inf")
        self._posts: list[WatchedPost] = []
        self._pace = CommentPace(settings)
        self._expired = float("-inf")
        self._busy_since: dict[str, datetime] = {}
        self._checks_at: dict[str, datetime] = {}

    def start(self) -> None:
        """Start; also where no comments are read, for those that are stored."""
        self._thread.start()

    def finish(self) -> None:
        """End, without waiting for a request that is under way."""
        self._stop.set()

    def look(self) -> None:
        """Do all that is due."""
        accounts = self._accounts()
        self._expire()
        self._carry_out_all(accounts)
        readable = {name: account for name, account in accounts.items() if account.is_read}
        if readable:
            self._plan(readable)
            # What people want hidden does not wait for the end of a flood.
            for _reading in range(_READINGS):
                if self._stop.is_set() or not (reading := self._claimed(readable)):
                    break
                self._read(reading, readable[reading.account])
                self._carry_out_all(accounts)
        self._check_all(accounts)

    def _claimed(self, accounts: Mapping[str, WatchedAccount]) -> CommentReading | None:
        rationed = {name for name, one in accounts.items() if one.support.is_rationed}
        recent = self._pace.recent(self._clock.now())
        return self._readings.claim(
            accounts,
            {one.account for one in self._posts} - rationed,
            dict.fromkeys(rationed, self._pace.rest_for_one()),
            [one.remote_id for one in recent if one.account in rationed],
        )

    def _carry_out_all(self, accounts: Mapping[str, WatchedAccount]) -> None:
        for wish in self._wishes.open(accounts):
            if self._stop.is_set():
                return
            if self._wishes.take(wish):
                self._carry_out(wish)

    def _expire(self) -> None:
        real = self._clock.monotonic()
        if real - self._expired < _LONGEST.total_seconds():
            return
        self._expired = real
        self._checks.expire(self._settings.keep)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except PublisherError as error:
                log.warning(str(error), hint=error.hint)
            except Exception:
                log.exception("comments were not read")
            self._stop.wait(_LOOK)

    def _plan(self, accounts: Mapping[str, WatchedAccount]) -> None:
        now, real = self._clock.now(), self._clock.monotonic()
        if real - self._planned < _PLAN:
            return
        self._planned = real
        self._posts = self._readings.watched(accounts, now - self._settings.watch)
        self._pace = CommentPace(self._settings, self._posts)
        self._readings.plan(
            {
                (
                    one.account,
                    one.remote_id if accounts[one.account].support.reads_each_post else "",
                )
                for one in self._posts
            }
            | {(name, "") for name, one in accounts.items() if one.support.is_rationed},
            accounts,
            None if self._known is None else self._known(),
        )

    def _read(self, reading: CommentReading, account: WatchedAccount) -> None:
        now, settings = self._clock.now(), self._settings
        is_new = not self._pace.knows(reading)
        if is_new:  # another process has planned it: this one does not know how old it is
            self._planned = float("-inf")
        if is_new or self._is_kept_busy(reading.account, now):
            self._readings.put_off(reading, now + _BUSY)
            if account.support.is_rationed:
                self._readings.rest(reading.account, now + _BUSY, reading.owed)
            return
        room = self._budget.room(reading.account) if account.has_fees else 0
        if account.has_fees and not room:
            begins = self._budget.next_month
            told = _(
                "Reading comments has cost what [comments] budget_per_month allows. Publisher "
                "reads the rest from {date} on, or when the budget is raised.",
                date=f"{begins:%Y-%m-%d}",
            )
            again = min(begins, now + _LONGEST)
            self._readings.failed(reading, told, again, at_once=True)
            return
        if account.has_fees and reading.billed >= settings.most_per_day:
            told = _(
                "{number} comments were read today, which is the limit of [comments] "
                "most_per_day. Publisher reads the rest tomorrow.",
                number=reading.billed,
            )
            self._readings.failed(reading, told, _next_day(now), at_once=True)
            return
        try:
            with self._opened(reading.account) as reader:
                today = settings.most_per_day - reading.billed
                most = min(today, room) if account.has_fees else None
                begin = self._pace.begin(reading, now)
                page = reader.read(reading.post_id, reading.cursor, most, begin)
                if account.has_fees:
                    self._budget.spend(reading.account, page.billed, page.authors)
                since = self._pace.unknown_since(reading, account.support, now)
                next_at = self._pace.next(reading, account.support, page, now)
                signs = self._signs()
                called = self._readings.found(
                    reading, page.comments, page.cursor,
                    max(next_at, now + _REST) if page.used > _HALF else next_at,
                    judge=partial(judge, wanted=signs), since=since,
                    read_at=page.known_until or (now if page.is_complete else None),
                    keep=account.support.keep, billed=page.billed,
                    trouble=signs.flaw or page.trouble,
                )  # fmt: skip
                self._rest(reading, account, page.requests, now)
                if called:
                    log.warning("answers call for somebody", account=reading.account, number=called)
                if page.used > _HALF:
                    self._checks_at[reading.account] = now + _REST
        except CommentsUnavailable as error:
            until = error.until or (now + _FOR_A_PERSON if error.needs_person else now)
            until = min(until, now + _LONGEST)
            again = self._pace.after_failure(reading, account.support, error.requests, now)
            self._readings.failed(reading, error.message, max(until, again))
            self._rest(reading, account, error.requests, now, until=until)

    def _rest(
        self,
        reading: CommentReading,
        account: WatchedAccount,
        requests: int,
        now: datetime,
        until: datetime | None = None,
    ) -> None:
        """Have an account whose requests are rationed rest; `until`: after a failure, at least."""
        if account.support.is_rationed:
            rest, owed = self._pace.rest(reading, requests, has_failed=until is not None)
            self._readings.rest(reading.account, max(now + rest, until or now), owed)

    def _is_kept_busy(self, account: str, now: datetime) -> bool:
        """Whether posts come first; for a minute at most, then comments are read in between."""
        if not self._is_busy(account):
            self._busy_since.pop(account, None)
            return False
        if now - self._busy_since.setdefault(account, now) < _BUSY_MOST:
            return True
        del self._busy_since[account]
        return False

    def _check_all(self, accounts: Mapping[str, WatchedAccount]) -> None:
        """Check those that are due and have a comment to ask for."""
        now = self._clock.now()
        due = [
            name
            for name, account in accounts.items()
            # Unless the clock was set.
            if not now
            < self._checks_at.get(name, now)
            <= now + max(_REST, self._pace.check_pause(account.support))
        ]
        stored = self._checks.unchecked(now - _CHECK) if due else frozenset()
        for name in due:
            self._checks_at[name] = now + self._pace.check_pause(accounts[name].support)
            if name in stored and not self._stop.is_set() and not self._is_busy(name):
                self._check(name, accounts[name])

    def _check(self, account: str, watched: WatchedAccount) -> None:
        """Ask whether the platform still has some comments; what it has no more goes here too.

        Of all that are stored, however old their posts. One that cannot be looked up counts as
        checked: it keeps nothing else waiting.
        """
        now = self._clock.now()
        is_dear = watched.has_fees or watched.support.is_rationed
        asked = self._checks.to_check(
            account,
            now - (4 * _CHECK if is_dear else _CHECK),
            of_one_post=watched.support.is_rationed,
        )
        if watched.has_fees:
            today = self._settings.most_per_day - self._checks.billed(account)
            asked = asked[: max(min(today, self._budget.room(account)), 0)]
        if not asked:
            return
        pause = self._pace.check_pause(watched.support)
        if watched.support.is_rationed and not self._checks.claim(account, pause):
            # The rest before is over in a moment, or another process looks for them.
            self._checks_at[account] = now + min(pause, _REST)
            return
        try:
            with self._opened(account) as reader:
                try:
                    gone = reader.gone(asked)
                finally:
                    made = reader.requests if isinstance(reader, CountingReader) else 1
                    if watched.support.is_rationed and made > 1:
                        self._checks.rest(account, pause * made)
        except CommentsUnavailable as error:
            log.info("comments could not be looked up", account=account, reason=error.message)
            self._checks.checked(account, asked, ())
            return
        billed = len(asked) - len(gone) if watched.has_fees else 0
        self._budget.spend(account, billed, 0)
        self._checks.checked(account, asked, gone, billed)

    def _carry_out(self, wish: OpenWish) -> None:
        now = self._clock.now()
        try:
            with self._opened(wish.account) as reader:
                change = reader.hide if wish.state is CommentState.HIDING else reader.delete
                if change(wish.remote_id):
                    self._wishes.carried_out(wish)
                else:
                    self._checks.forget(wish.account, wish.remote_id)
        except CommentsUnavailable as error:
            again_at = None if error.needs_person else (error.until or now + _BUSY)
            self._wishes.not_carried_out(wish, error.message, again_at)

    @contextmanager
    def _opened(self, account: str) -> Iterator[CommentReader]:
        """A reader of an account; keys that cannot be used are told as what they are."""
        try:
            reader = self._open(account)
        except PublisherError as error:
            raise CommentsUnavailable(str(error), needs_person=True) from error
        yield reader


def _next_day(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
