"""Settings of an account: what every channel has, and its own channel's options and keys."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    field_validator,
    model_validator,
)

from publisher.base.i18n import _
from publisher.base.text import nearest
from publisher.channels.health import LARGEST_LIMIT
from publisher.channels.registry import SPECS, UNUSABLE, channel_called
from publisher.channels.spec import ChannelSpec, Option
from publisher.model import slots as slot_times
from publisher.model.accounts import Account, Mandate
from publisher.settings.schema import Section


def _channel(value: object) -> object:
    """The name of a channel; what is like none may be an alias of one that cannot be used."""
    if not isinstance(value, str):
        return value
    called = channel_called(value)
    if called in SPECS or nearest(called, {*CHANNEL_NAMES} - UNUSABLE.keys()):
        return called
    return next(iter(UNUSABLE), called)


def is_of_unusable(told: object) -> bool:
    """Whether an account, as a file has it, is of a channel that cannot be used."""
    return isinstance(told, dict) and _channel(told.get("channel")) in UNUSABLE


CHANNEL_NAMES = [
    name
    for spec in SPECS.values()
    for name in (spec.name, *spec.aliases, *(alias.upper() for alias in spec.aliases))
]
"""What a channel may be called in files."""


class _AccountSettings(Section):
    """An account, with what all channels have."""

    channel: Annotated[
        Literal[*SPECS],  # type: ignore[valid-type]  # known at start, from the channels themselves
        BeforeValidator(_channel),
        WithJsonSchema({"type": "string", "enum": CHANNEL_NAMES}),
    ]
    organisation: str | None = None
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")
    timezone: str | None = None
    slots: Annotated[
        tuple[str, ...],
        BeforeValidator(lambda value: value.split(";") if isinstance(value, str) else value),
    ] = ()
    """When its posts go out where nothing else is said: `weekdays 09:00`, in the account's time
    zone or else the session's."""
    title: str | None = None
    approval: bool | None = None
    """Whether its posts need an approval; None: as `[approval] required` says."""
    mandate: Mandate | None = None

    @model_validator(mode="before")
    @classmethod
    def _unknown_is_left_out(cls, told: Any) -> Any:
        """Nobody knows the options and keys of a channel that cannot be used."""
        if isinstance(told, dict) and is_of_unusable(told):
            return {key: value for key, value in told.items() if key in cls.model_fields}
        return told

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, timezone: str | None) -> str | None:
        try:
            ZoneInfo(timezone or "UTC")
        except (KeyError, ValueError, OSError):
            raise ValueError(_("must be a time zone, like Europe/Warsaw or America/Lima")) from None
        return timezone

    @field_validator("slots")
    @classmethod
    def _are_slots(cls, told: tuple[str, ...]) -> tuple[str, ...]:
        for slot in told:
            slot_times.parse(slot)
        return tuple(slot.strip() for slot in told)

    @model_validator(mode="after")
    def _has_what_its_channel_needs(self) -> Self:
        for option in SPECS[self.channel].options:
            if option.required and not getattr(self, option.name):
                raise ValueError(_(option.required))
        return self

    @model_validator(mode="after")
    def _has_nothing_of_other_channels(self) -> Self:
        own = {option.name for option in SPECS[self.channel].options}
        for name in _OPTIONS.keys() - own:
            if getattr(self, name):
                channels = [s.name for s in SPECS.values() if name in {o.name for o in s.options}]
                message = _(
                    "{name} is only for accounts on {channels}",
                    name=name,
                    channels=", ".join(channels),
                )
                raise ValueError(message)
        return self

    def account(self, name: str) -> Account:
        """The account without its secrets."""
        common = self.model_dump(include=Account.model_fields.keys() - {"name"})
        options = self.model_dump(include=_OPTIONS.keys() - Account.model_fields.keys())
        return Account(
            name=name, **common, options={key: str(told) for key, told in options.items() if told}
        )


def _options() -> dict[str, list[Option]]:
    """By name, the options of all channels: several may give one name a meaning of their own."""
    found: dict[str, list[Option]] = {}
    for spec in SPECS.values():
        for option in spec.options:
            found.setdefault(option.name, []).append(option)
    return found


def _fits_its_channel(told: object, info: ValidationInfo) -> object:
    """Check an option against the pattern of the account's own channel."""
    spec = SPECS.get(info.data.get("channel", ""))
    options = {option.name: option for option in spec.options} if spec else {}
    own = options.get(info.field_name or "")
    if own and own.shape and isinstance(told, str) and not re.search(own.pattern, told):
        raise ValueError(_(own.shape))
    return told


def _field(options: Sequence[Option]) -> tuple[Any, Any]:
    """The field of options with one name."""
    about = "\n".join(one.about for one in options if one.about) or None
    if isinstance(options[0].default, int):
        return int | None, Field(default=None, ge=1, le=LARGEST_LIMIT, description=about)
    pattern = "|".join(dict.fromkeys(one.pattern for one in options))
    return str | None, Field(default=None, pattern=pattern, description=about)


_OPTIONS = _options()
_CREDENTIALS = [one for spec in SPECS.values() for one in spec.credentials]
CREDENTIALS = tuple(dict.fromkeys(one.name for one in _CREDENTIALS))
"""The names of all channels' credentials."""


def credentials_of(told: object) -> tuple[str, ...]:
    """The names of the credentials of an account, as a file has it; all, if its channel is none."""
    spec = _spec_of(told)
    return tuple(one.name for one in spec.credentials) if spec else CREDENTIALS


def options_of(told: object) -> tuple[str, ...]:
    """The names of the settings of an account in publisher.toml; all, if its channel is none."""
    spec = _spec_of(told)
    own = {one.name for one in spec.options} if spec else _OPTIONS.keys()
    others = {*CREDENTIALS, *_OPTIONS} - own
    return tuple(name for name in AccountSettings.model_fields if name not in others)


def _spec_of(told: object) -> ChannelSpec | None:
    return SPECS.get(str(_channel(told.get("channel")))) if isinstance(told, dict) else None


ADDRESSES = frozenset(one.name for one in _CREDENTIALS if one.is_address)
"""Those among them that name the server that the others are sent to."""

if TYPE_CHECKING:

    class AccountSettings(_AccountSettings):
        """The same, with every channel's options and credentials."""

        def __init__(self, **told: object) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

else:
    AccountSettings = create_model(
        "AccountSettings",
        __base__=_AccountSettings,
        **{name: _field(options) for name, options in _OPTIONS.items()},
        **dict.fromkeys(CREDENTIALS, (SecretStr | None, None)),
        __validators__={
            "fits_its_channel": field_validator(*_OPTIONS, mode="before")(_fits_its_channel)
        },
    )
