"""Text of notices about people who may log in."""

from collections.abc import Mapping

from publisher.base.i18n import _, later
from publisher.ledger.user_notices import PersonNews
from publisher.model.events import Event

_EVENTS: Mapping[str, str] = {
    Event.PERSON_ADDED: later("{name} may log in, as {role}"),
    Event.PERSON_INVITED: later("{name} is invited to log in, as {role}"),
    Event.RIGHTS_CHANGED: later("{name} has other rights, as {role}"),
    Event.RECOGNISED_ELSEWHERE: later("{name} logged in elsewhere for the first time, as {role}"),
    Event.FACTOR_ADDED: later("{name}, {role}, has a new second factor or passkey"),
    Event.FEED_KEY_MADE: later("{name}, {role}, has a secret address of the calendar and the feed"),
    Event.MANY_FAILED_LOG_INS: later("many log-ins as {name} fail"),
    Event.MANY_WRONG_CODES: later("many codes as {name} are wrong"),
}


def event(item: PersonNews) -> str:
    return _(_EVENTS[item.event], name=item.name, role=_(item.role or ""))


def sentences(item: PersonNews) -> list[str]:
    if item.event == Event.MANY_FAILED_LOG_INS:
        return [
            _("30 log-ins as {name} have failed: somebody may be guessing the password.", name=item.name),
            _("Browsers in which {name} has logged in before are not slowed down.", name=item.name),
            _("var/log/web.log says from where. `publisher user unlock {name}` ends the waits.", name=item.name),
        ]  # fmt: skip
    if item.event == Event.MANY_WRONG_CODES:
        return [
            _("30 codes of a second factor as {name} were wrong: somebody knows the password.", name=item.name),
            _("Outside of browsers in which {name} has logged in before, no code is taken for a day.", name=item.name),
            _("Give {name} a new password: `publisher user password {name}`.", name=item.name),
        ]  # fmt: skip
    if item.event == Event.RECOGNISED_ELSEWHERE:
        doubt = _(
            "If that was not {name}: `publisher user remove {name}`, and look at the provider.",
            name=item.name,
        )
        return [f"{event(item)}.", doubt]
    if item.event in (Event.FACTOR_ADDED, Event.FEED_KEY_MADE):
        doubt = _(
            "If that was not {name}: `publisher user factors {name} --remove`, and "
            "`publisher user password {name} --link`.",
            name=item.name,
        )
        return [f"{event(item)}.", doubt]
    return [
        f"{event(item)}.",
        _("{by} did that. If nobody knows of it: `publisher user list`.", by=item.by),
    ]
