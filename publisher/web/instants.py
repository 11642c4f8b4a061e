"""Instants as pages show them: in the session's zone, and in that of an account's readers.

A script adds the local time of whoever looks at the page.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta, get_timezone_location
from markupsafe import Markup, escape

from publisher.base import i18n
from publisher.base.formats import instant_text, written
from publisher.base.i18n import _
from publisher.model.accounts import Account
from publisher.model.deliveries import Delivery
from publisher.model.visibility import Visibility
from publisher.planning.conflicts import is_night
from publisher.web import labels

_FORMS = {
    "short": "EEE d MMM, HH:mm",
    "long": "EEE d MMM y, HH:mm",
    "exact": "EEE d MMM y, HH:mm:ss",
    "time": "HH:mm",
}
_INSTANT = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for an instant in a text that is escaped before the instant's element is put there."""


@dataclass(frozen=True, slots=True)
class ReadersTime:
    """An instant by the clocks of an account's readers."""

    text: str
    is_night: bool
    """Whether they sleep then."""


class Instants:
    """What one page says of instants."""

    def __init__(
        self,
        zone: tzinfo,
        now: datetime,
        accounts: Mapping[str, Account],
        named: Callable[[str], str],
    ) -> None:
        """`zone`: the session's; it is read once for a page, which may show hundreds of times.
        `named` gives the name of an account for readers.
        """
        self._zone, self._now = zone, now
        self._accounts, self._named = accounts, named

    @property
    def city(self) -> str:
        """The city, in the reader's language, whose clocks the pages go by."""
        return _city(self._zone)

    def readers(self, instant: datetime, accounts: Iterable[str]) -> list[ReadersTime]:
        """An instant where readers of these accounts live by another clock: `02:00 in Lima …`."""
        here = instant.astimezone(self._zone)
        zones: dict[str, list[str]] = {}
        for name in accounts:
            account = self._accounts.get(name)
            if account and account.timezone:
                zones.setdefault(account.timezone, []).append(name)
        found = []
        for name, its in zones.items():
            there = instant.astimezone(zone := ZoneInfo(name))
            if there.utcoffset() != here.utcoffset():
                form = _FORMS["time"] if there.date() == here.date() else _FORMS["short"]
                text = _("{time} in {city} (readers of {accounts})", time=written(there, form),
                         city=_city(zone), accounts=", ".join(map(self._named, its)))  # fmt: skip
                found.append(ReadersTime(text, is_night(there)))
        return found

    def when(self, instant: datetime | None, form: str = "long") -> Markup:
        """An instant in the session's zone; nothing for None."""
        if instant is None:
            return Markup("")
        return Markup('<time datetime="{}">{}</time>').format(
            instant_text(instant), written(instant.astimezone(self._zone), _FORMS[form])
        )

    def soon(self, instant: datetime) -> Markup:
        """An instant near now: `today 15:00`, `tomorrow 09:00`, else a day without its year."""
        at, today = instant.astimezone(self._zone), self._now.astimezone(self._zone)
        days, clock = (at.date() - today.date()).days, written(at, "HH:mm")
        if abs(days) > 1:
            text = written(at, _FORMS["short" if at.year == today.year else "long"])
        else:
            text = _(labels.NEAR[days], clock=clock)
        return Markup('<time datetime="{}">{}</time>').format(instant_text(instant), text)

    def from_now(self, instant: datetime) -> Markup:
        """A countdown such as `in 5 minutes`, which a script goes on with."""
        left = instant - self._now
        text = format_timedelta(
            left if abs(left) > timedelta(seconds=1) else timedelta(seconds=1),
            add_direction=True,
            locale=i18n.current(),
        )
        return Markup('<time class="countdown" datetime="{}">{}</time>').format(
            instant_text(instant), text
        )

    def visible(self, delivery: Delivery) -> Markup:
        """What the public sees of a delivery, such as `2 of 3 parts out since 09:35`."""
        seen = Visibility.of(delivery)
        return escape(seen.in_words(lambda _at: _INSTANT)).replace(_INSTANT, self.when(seen.since))

    def here(self, text: str | None) -> str:
        """A message, with the times in it in the session's zone."""
        return labels.here(text, self._zone) if text else ""


def _city(zone: tzinfo) -> str:
    return get_timezone_location(zone, locale=i18n.current(), return_city=True)
