"""Connecting an account: the steps in which a channel gets its keys from its platform.

A `Connector` asks for what a person has at hand (`KeyField`), and returns either the keys, or an
address (`Authorization`) where the person allows the access, and brings an answer back from. It
stores nothing, and checks no owner: `publisher.connect` does that for all channels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import compare_digest
from typing import Any, Protocol
from urllib.parse import parse_qs

from publisher.base.errors import NotConnected
from publisher.base.i18n import _
from publisher.channels.answers import mapping, named_status, parsed, quote
from publisher.model.outcomes import Answer, Wire


@dataclass(frozen=True, slots=True)
class KeyField:
    """What a person types before the platform is asked."""

    name: str
    label: str
    """What it is called on the platform; it is translated where it is shown."""
    about: str = ""
    """Where a person finds it; the same."""
    is_secret: bool = True
    required: bool = True
    of_app: bool = False
    """Whether it is the app's, so that another account of the same channel may have it already."""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Authorization:
    """An address where a person allows the access, and what is brought back from it."""

    url: str
    asks: str
    """What the person types afterwards; translated where it is shown."""
    asks_secret: bool = False
    """Whether that stays valid afterwards, so that nobody may read it over a shoulder."""
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the connector needs to go on. It is secret, and kept on our side only."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an account, as the platform gave them."""

    credentials: Mapping[str, str] = field(repr=False)
    """By their names in secrets.toml."""
    title: str = ""
    """What they are for, where a person chooses among several."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What publisher.toml has to say of the account, such as the number of its Page."""
    owner_in: str = ""
    """The credential that is to hold the id of their owner, which these keys do not contain."""


class Connector(Protocol):
    """Gets the keys of accounts on one platform."""

    @property
    def fields(self) -> tuple[KeyField, ...]:
        """What is asked first, in this order."""

    def begin(self, typed: Mapping[str, str]) -> Authorization | tuple[Keys, ...]:
        """Begin with what was typed, by the names of `fields`. Raises `NotConnected`."""

    def finish(self, authorization: Authorization, answer: str) -> tuple[Keys, ...]:
        """The keys, of which a person chooses one, for what was brought back.

        Raises `NotConnected`.
        """

    def revoke(self, credentials: Mapping[str, str]) -> str | None:
        """End the access of these keys at the platform.

        The channel's first connector ends the keys of all ways to get them.
        Returns what a person has to do there, where the keys cannot end themselves; None: it is
        done. Raises `NotConnected`.
        """


def told(answer: Answer, platform: str, refused: str, hint: str) -> Mapping[str, Any]:
    """What an answer says, as JSON; `NotConnected` unless it is a success.

    `refused` is the message, and `hint` says what to do, if the platform refuses the request.
    """
    check(answer, platform, refused, hint)
    return mapping(parsed(answer.body))


def check(answer: Answer, platform: str, refused: str, hint: str) -> None:
    """Raise `NotConnected` unless an answer is a success; as `told`."""
    status = answer.status or 0
    if answer.wire is not Wire.ANSWERED or status >= 500:
        raise NotConnected(
            _(
                "{platform} does not answer ({reason}).",
                platform=platform,
                reason=answer.reason or named_status(status),
            ),
            hint=_("Nothing was stored. Try again in a while."),
        )
    if not 200 <= status < 300:
        raise NotConnected(f"{refused}{_reason(answer)}.", hint=hint)


def _reason(answer: Answer) -> str:
    body = mapping(parsed(answer.body))
    error = body.get("error")
    words = error.get("message") if isinstance(error, dict) else None
    return quote(body.get("error_description") or words or body.get("message"))


def text(found: Mapping[str, Any], name: str) -> str:
    """A text in an answer; empty if it is none."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def code_in(address: str, state: str, platform: str) -> str:
    """The code in the address where a browser ended after the consent.

    Raises `NotConnected` if it was denied, or is of another attempt than the one with `state`.
    """
    query = parse_qs(pasted(address).partition("?")[2].partition("#")[0])
    if query.get("error"):
        raise NotConnected(
            _("{platform} says that access was denied.", platform=platform),
            hint=_(
                "Connect the account again, and allow what {platform} asks for.", platform=platform
            ),
        )
    code = (query.get("code") or [""])[0]
    if not code:
        raise NotConnected(
            _("This address does not contain a code from {platform}.", platform=platform),
            hint=_("Copy the whole address from the browser, as it is after the login."),
        )
    if not compare_digest((query.get("state") or [""])[0].encode(), state.encode()):
        raise NotConnected(
            _("This address belongs to another login."),
            hint=_("Connect the account again, and use the address that appears then."),
        )
    return code


def pasted(answer: str) -> str:
    """What was typed or pasted, without spaces and line ends around it."""
    return "".join(answer.split())
