"""Ledger checks: database, processes, deliveries that need a person, drafts, limits."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import redis

from publisher.app import Application
from publisher.base.errors import PublisherError
from publisher.base.i18n import _, plural
from publisher.doctor import machine
from publisher.doctor.finding import Finding, Grade, bad, good, warning
from publisher.ledger import heartbeats
from publisher.ledger.database import Database
from publisher.ledger.reading.lateness import Late
from publisher.model import limits_text
from publisher.model.states import State, counted
from publisher.monitoring import broker
from publisher.monitoring.peers import differences
from publisher.monitoring.troubles import of_clocks, of_crowds, of_kind, of_lost
from publisher.reporting import lateness_text
from publisher.reporting.status import FRESH

_BROKER_LIMIT = 1.0  # seconds that an answer of the broker may take


def examine(app: Application) -> Iterator[Finding]:
    """Check that the ledger can be read and written durably, and report its contents."""
    if doubt := app.settings.doubtful_ledger():
        yield bad("ledger", str(doubt), doubt.hint)
        return
    path = app.database.engine.url.database
    if app.database.is_sqlite and not Path(str(path)).exists():
        yield good("ledger", _("There is none yet; the first `publisher queue` makes it."))
        yield machine.running(app.settings)
        return
    try:
        app.database.check_revision()
        with app.database.write():
            pass
        unlimited = [] if app.database.is_sqlite else app.database.limits_not_in_force()
        late = app.lateness.find()  # so that a locked table is reported as such
    except PublisherError as error:
        yield bad("ledger", str(error), error.hint)
        yield machine.running(app.settings)
        return
    yield _durability(app.database)
    if unlimited:
        yield _unlimited(unlimited)
    yield from _set_backs(app)
    yield from _processes(app)
    yield from _waiting(app)
    if crowds := app.doubts.crowds():
        trouble = of_crowds(crowds)
        yield warning("deliveries", trouble.message, trouble.hint)
    if late:
        yield _late(late, app)
    yield from _drafts(app)
    yield from _limits(app)


def _durability(database: Database) -> Finding:
    if database.is_sqlite:
        message = _("SQLite, which writes each step to the disk before a request leaves.")
        return good("ledger", message)
    if off := database.not_durable():
        message = _(
            "PostgreSQL may forget what it confirmed: {names} is off.", names=", ".join(off)
        )
        return bad("ledger", message, _("Turn it on: what is forgotten can go out twice."))
    return good("ledger", _("PostgreSQL, which keeps what it confirms."))


def _unlimited(names: Sequence[str]) -> Finding:
    message = _(
        "PostgreSQL does not keep what Publisher sets for its sessions: {names}. A machine that "
        "vanishes could make all others wait.",
        names=", ".join(names),
    )
    return bad("ledger", message, _("Behind PgBouncer, set pool_mode = session for this database."))


def _set_backs(app: Application) -> Iterator[Finding]:
    """Whether the ledger lacks what was seen of it, now or lately."""
    hint = _(
        "`publisher status` names the posts; `publisher help deployment` says what to do when the ledger is set back."
    )
    if app.watermarks.lost():
        message = _(
            "The ledger was set back: it lacks what was seen in it. As soon as Publisher runs, "
            "it looks on the platforms for what fell due since, and does not send it again."
        )
        yield bad("ledger", message, hint)
    for set_back in app.queries.set_backs(app.clock.now() - FRESH):
        yield warning("ledger", str(set_back), hint)


def _processes(app: Application) -> Iterator[Finding]:
    """Dispatchers and workers that are alive on any host, and `publisher run` on this one."""
    found = app.heartbeats.all()
    dead = heartbeats.missing(found)
    alive = [one.process for one in found if one.is_alive and one.process.kind in heartbeats.NEEDED]
    for kind, last in dead.items():
        if last or alive:
            trouble = of_kind(kind, last)
            yield bad("publishing", trouble.message, trouble.hint)
    for trouble in dict.fromkeys(map(of_lost, heartbeats.lost(found))):
        yield warning("publishing", trouble.message, trouble.hint)
    yield from _differences(app)
    if clocks := heartbeats.wrong_clocks(found):
        trouble = of_clocks(clocks)
        yield bad("clock", trouble.message, trouble.hint)
    here = machine.running(app.settings)
    # If other hosts publish, it need not run here.
    if here.grade is not Grade.WARNING or not (alive or any(dead.values())):
        yield here
    if alive and not dead:
        names = sorted(f"{one.kind} ({one.host})" for one in alive)
        yield good("publishing", _("Running: {processes}.", processes=", ".join(names)))


def _differences(app: Application) -> Iterator[Finding]:
    """Machines that publish with other settings than the rest."""
    if url := app.settings.broker.url:
        with suppress(redis.RedisError, OSError), broker.client(url, _BROKER_LIMIT) as client:
            for trouble in dict.fromkeys(differences(app, client)):
                yield warning("publishing", trouble.message, trouble.hint)


def _waiting(app: Application) -> Iterator[Finding]:
    """Deliveries and accounts that need a person, as in `publisher status`."""
    overview = app.overview(limit=0)
    withdrawn = [d for d in overview.attention if d.withdraw_at]
    numbers = Counter(delivery.state for delivery in overview.attention if not delivery.withdraw_at)
    out = numbers.pop(State.PUBLISHED, 0)
    waiting = [counted(state, numbers[state]) for state in State if numbers[state]]
    if out:
        line = plural("{number} out against the plan", "{number} out against the plan", out)
        waiting.append(line)
    if withdrawn:
        line = plural(
            "{number} withdrawn, but may still be out",
            "{number} withdrawn, but may still be out",
            len(withdrawn),
        )
        waiting.append(line)
    needing = [status for status in overview.accounts if status.needs_person]
    tried = [s.account for s in needing if s.suspended_times and not s.paused_at]
    held = [status.account for status in needing if status.account not in tried]
    told = [", ".join(waiting)] if waiting else []
    if held:
        names = ", ".join(held)
        told.append(_("paused, or suspended until someone acts: {accounts}", accounts=names))
    if tried:
        names = ", ".join(tried)
        told.append(_("suspended, and tried again automatically: {accounts}", accounts=names))
    going_on = [status.account for status in overview.accounts if not status.needs_person]
    if going_on:
        names = ", ".join(going_on)
        message = _("Suspended, and resumed automatically: {accounts}.", accounts=names)
        yield good("deliveries", message)
    if told:
        message = _("Needs attention: {told}.", told="; ".join(told))
        yield warning("deliveries", message, _("`publisher status` shows more."))
    else:
        yield good("deliveries", _("Nothing needs attention."))


def _late(late: Late, app: Application) -> Finding:
    judge = bad if late.unexplained else warning
    hint = _(
        "What is wrong above or below is the cause; they go out by themselves once it is fixed."
    )
    return judge("deliveries", lateness_text.in_words(late, app.session().zone), hint)


def _drafts(app: Application) -> Iterator[Finding]:
    """Whether the schedule matches the drafts, or `queue` would change it."""
    if not app.settings.posts.is_dir():
        return  # a machine that only publishes has no drafts
    try:
        plan = app.planner.plan()
    except PublisherError as error:
        yield bad("drafts", str(error), error.hint)
        return
    if plan.errors:
        message = plural(
            "{number} file has errors, so nothing is queued.",
            "{number} files have errors, so nothing is queued.",
            len({problem.file for problem in plan.errors}),
        )
        hint = _("`publisher plan` says which. `publisher queue --keep-going` leaves them out.")
        yield warning("drafts", message, hint)
    if plan.changes:
        message = _("The schedule would change: {changes}.", changes=plan.in_numbers)
        lost = _(
            "That is most of the schedule. If drafts are missing from posts/, do not queue; a "
            "machine that only publishes needs no posts/."
        )
        usual = _("`publisher plan` shows how, and `publisher queue` puts it right.")
        yield warning("drafts", message, lost if plan.cancels_most else usual)
    elif not plan.errors and not plan.left_out:
        yield good("drafts", _("The schedule matches the drafts."))


def _limits(app: Application) -> Iterator[Finding]:
    """The platforms' last reported limits, by account."""
    zone = app.session().zone

    def when(instant: datetime) -> str:
        return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"

    for account, told in app.limits.current().items():
        subject = f"limits {account}"
        message = "; ".join(limits_text.in_words(limit, when) for limit in told) + "."
        if any(map(limits_text.is_nearly_used_up, told)):
            hint = _("When nothing is left, posts wait and go out as soon as it begins again.")
            yield warning(subject, message, hint)
        else:
            yield good(subject, message)
