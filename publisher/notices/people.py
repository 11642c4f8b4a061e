"""Text of notices about people who may log in."""

from collections.abc import Mapping

from publisher.base.i18n import _, later
from publisher.ledger.news.user_notices import PersonNews
from publisher.model.events import Event

_EVENTS: Mapping[str, str] = {
    Event.PERSON_ADDED: later("{name} can now log in (role: {role})"),
    Event.PERSON_INVITED: later("{name} is invited to log in (role: {role})"),
    Event.RIGHTS_CHANGED: later("the rights of {name} have changed (role: {role})"),
    Event.RECOGNISED_ELSEWHERE: later(
        "{name} logged in with the organisation's account for the first time (role: {role})"
    ),
    Event.FACTOR_ADDED: later("{name} ({role}) has a new second factor or passkey"),
    Event.FEED_KEY_MADE: later(
        "{name} ({role}) has a secret address for the calendar and the feed"
    ),
    Event.MANY_FAILED_LOG_INS: later("many log-ins as {name} are failing"),
    Event.MANY_WRONG_CODES: later("many codes for {name} are wrong"),
}


def event(item: PersonNews) -> str:
    return _(_EVENTS[item.event], name=item.name, role=_(item.role or ""))


def sentences(item: PersonNews) -> list[str]:
    if item.event == Event.MANY_FAILED_LOG_INS:
        return [
            _("30 log-ins as {name} have failed: someone may be guessing the password.", name=item.name),
            _("Browsers in which {name} has logged in before are not slowed down.", name=item.name),
            _("var/log/web.log says where they came from. `publisher user unlock {name}` ends the waits.", name=item.name),
        ]  # fmt: skip
    if item.event == Event.MANY_WRONG_CODES:
        return [
            _("30 second-factor codes for {name} were wrong: someone knows the password.", name=item.name),
            _("For a day, codes are accepted only in browsers in which {name} has logged in before.", name=item.name),
            _("Give {name} a new password: `publisher user password {name}`.", name=item.name),
        ]  # fmt: skip
    if item.event == Event.RECOGNISED_ELSEWHERE:
        doubt = _(
            "If that was not {name}, run `publisher user remove {name}` and check with the log-in "
            "provider.",
            name=item.name,
        )
        return [f"{event(item)}.", doubt]
    if item.event in (Event.FACTOR_ADDED, Event.FEED_KEY_MADE):
        doubt = _(
            "If that was not {name}, run `publisher user factors {name} --remove` and `publisher "
            "user password {name} --link`.",
            name=item.name,
        )
        return [f"{event(item)}.", doubt]
    return [
        f"{event(item)}.",
        _("{by} did that. If nobody knows about it, look at `publisher user list`.", by=item.by),
    ]
