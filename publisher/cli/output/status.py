"""Output of `status`: deliveries that need a person first, then the next ones."""

from datetime import datetime, tzinfo

from publisher.base.i18n import _, plural
from publisher.cli.output import console, tables
from publisher.ledger.reading.account_status import AccountStatus
from publisher.ledger.tables import EVERYTHING
from publisher.model import events, limits_text
from publisher.model.states import State
from publisher.monitoring.troubles import of_clocks
from publisher.reporting import lateness_text
from publisher.reporting.status import Overview


def show(overview: Overview, named: tables.Named) -> None:
    """Print the status."""
    if not overview.counts:
        console.print_prose(_("The schedule is empty. `publisher queue` puts drafts on it."))
    _show_what_stands_still(overview)
    if overview.attention:
        console.print_prose(console.paint(_("Needs attention:"), "red"))
        tables.print_days(overview.attention, overview.zone, named)
        _print_more(overview.more_attention)
        console.print_line()
    if overview.rejected:
        console.print_line(console.paint(_("Rejected, and sent back to their authors:"), "yellow"))
        tables.print_days(overview.rejected, overview.zone, named)
        console.print_line()
    if overview.next:
        console.print_prose(console.paint(_("Next:"), "bold"))
        tables.print_days(overview.next, overview.zone, named, says_stops=True)
        _print_more(overview.more)
        console.print_line()
    if overview.leaves_nothing:
        console.print_prose(
            _("Nothing goes out before it is approved.")
            if overview.counts.get(State.AWAITING_APPROVAL)
            else _("Nothing is on the schedule.")
        )
    if overview.paused_or_suspended:
        told = plural(
            "{number} delivery waits for an account that is paused or suspended.",
            "{number} deliveries wait for an account that is paused or suspended.",
            overview.paused_or_suspended,
        )
        console.print_prose(told)
    if overview.counts:
        console.print_prose(_("In total: {counts}.", counts=tables.summary(overview.counts)))
    clock = console.minute(overview.now, overview.zone)
    told = _("It is {time} now. {times}", time=clock, times=console.times_of(overview.zone))
    console.print_prose(told)


def _show_what_stands_still(overview: Overview) -> None:
    for set_back in overview.set_backs:
        console.print_prose(console.paint(str(set_back), "red"))
    for status, others in overview.standing_still:
        for line in _sentences(status, others, overview.now, overview.zone):
            console.print_warned(line)
    for line in _nearly_used_up(overview):
        console.print_warned(line)
    for one in overview.guessed:
        told = _(
            "{number} log-ins as {name} have failed, the last at {time}: someone may be "
            "guessing the password (`publisher user unlock` ends the waits)",
            number=one.failures,
            name=one.name,
            time=console.minute(one.last_at, overview.zone),
        )
        console.print_prose(console.paint(told, "red"))
    if overview.clocks:
        console.print_prose(console.paint(str(of_clocks(overview.clocks)), "red"))
    if overview.late:
        told = lateness_text.in_words(overview.late, overview.zone)
        console.print_prose(console.paint(told, "red" if overview.late.unexplained else "yellow"))


def _print_more(more: int) -> None:
    if more:
        console.print_prose(_("… and {more} more: `publisher status --all` shows them.", more=more))


def _nearly_used_up(overview: Overview) -> list[str]:
    names: dict[tuple[object, str], list[str]] = {}
    for account, told in overview.limits.items():
        for limit in filter(limits_text.is_nearly_used_up, told):
            words = limits_text.in_words(limit, lambda at: console.minute(at, overview.zone))
            of_app = limit if limit.is_of_app else account
            names.setdefault((of_app, words), []).append(account)
    return [
        _("{name}: {value}", name=_with_others(name, len(others)), value=words)
        for (_of_app, words), (name, *others) in names.items()
    ]


def _with_others(account: str, others: int) -> str:
    """An account's name, with the number of others in the same situation."""
    if not others:
        return account
    return plural(
        "{account} and {number} other account of its app",
        "{account} and {number} other accounts of its app",
        others,
        account=account,
    )


def _sentences(status: AccountStatus, others: int, now: datetime, zone: tzinfo) -> list[str]:
    """Sentences on why an account and `others` with it are stopped, with the remedy."""
    name = _("Everything") if status.account == EVERYTHING else status.account
    of_account = "" if status.account == EVERYTHING else f" --account {status.account}"
    resume = f"publisher resume{of_account}"
    lines = []
    if status.paused_at:
        told = _(
            "{name} has been paused by {actor} since {time}: {reason} (`{resume}` ends it)",
            name=name,
            time=console.minute(status.paused_at, zone),
            actor=status.paused_by,
            reason=status.pause_reason,
            resume=resume,
        )
        lines.append(told)
    if status.suspended_at:
        values = {
            "until": _until(status, now, zone, resume),
            "message": console.printable(status.suspension_message or ""),
            "kind": events.kind(status.suspension_kind or ""),
        }
        lines.append(
            _(
                "{name} are suspended {until}: {message} ({kind})",
                name=_with_others(name, others),
                **values,
            )
            if others
            else _("{name} is suspended {until}: {message} ({kind})", name=name, **values)
        )
    return lines


def _until(status: AccountStatus, now: datetime, zone: tzinfo, resume: str) -> str:
    """Until when an account is suspended, and what ends that."""
    if status.suspended_until is None:
        return _("until a person fixes it and runs `{resume}`", resume=resume)
    time = console.minute(status.suspended_until, zone)
    if status.suspended_times is None:
        return _("until {time}", time=time)
    if status.suspended_until <= now:
        if status.needs_person:
            return _("until its next post is accepted; needs attention")
        return _("until its next post is accepted")
    if status.needs_person:
        return _("until {time}, then tried again automatically; needs attention", time=time)
    return _("until {time}, then tried again automatically", time=time)
