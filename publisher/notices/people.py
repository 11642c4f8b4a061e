"""Text of notices about people who may log in."""

from collections.abc import Mapping

from publisher.base.i18n import _, later
from publisher.ledger.user_notices import ADDED, CHANGED, MANY_FAILURES, RECOGNISED, PersonNews

_EVENTS: Mapping[str, str] = {
    ADDED: later("{name} may log in, as {role}"),
    CHANGED: later("{name} has other rights, as {role}"),
    RECOGNISED: later("{name} logged in elsewhere for the first time, as {role}"),
    MANY_FAILURES: later("many log-ins as {name} fail"),
}


def event(item: PersonNews) -> str:
    return _(_EVENTS[item.event], name=item.name, role=_(item.role or ""))


def sentences(item: PersonNews) -> list[str]:
    if item.event == MANY_FAILURES:
        return [
            _("30 log-ins as {name} have failed: somebody may be guessing the password.", name=item.name),
            _("Browsers in which {name} has logged in before are not slowed down.", name=item.name),
            _("var/log/web.log says from where. `publisher user unlock {name}` ends the waits.", name=item.name),
        ]  # fmt: skip
    if item.event == RECOGNISED:
        doubt = _(
            "If that was not {name}: `publisher user remove {name}`, and look at the provider.",
            name=item.name,
        )
        return [f"{event(item)}.", doubt]
    return [
        f"{event(item)}.",
        _("{by} did that. If nobody knows of it: `publisher user list`.", by=item.by),
    ]
