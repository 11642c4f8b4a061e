"""Digests of settings: whether two machines have the same, without telling what they are.

They are so short that nobody can test a guess of a secret by them, and long enough that a
difference is hardly ever missed.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, SecretStr

from publisher.channels.registry import SPECS
from publisher.settings.account_settings import CREDENTIALS
from publisher.settings.settings import Settings

_OF_THE_MACHINE = frozenset(
    {"workspace", "var", "language", "database", "broker", "web", "openid", "backups"}
)
"""What may differ between machines: folders, addresses, and what is for the pages alone."""
_LENGTH = 4  # hexadecimal digits


def digests(settings: Settings, salt: str) -> dict[str, str]:
    """A digest of each setting that all machines must share, by its name.

    Of each account there are two: of what stands in publisher.toml, and, if its keys are complete,
    of those. `salt` makes them differ between ledgers.
    """
    return {
        name: hashlib.sha256(f"{salt} {name} {_text(value)}".encode()).hexdigest()[:_LENGTH]
        for name, value in _shared(settings)
    }


def of_account(account: str) -> str:
    """The name of an account's settings."""
    return f"accounts.{account}"


def of_keys(account: str) -> str:
    """The name of an account's keys."""
    return f"secrets.toml [{account}]"


def _shared(settings: Settings) -> Iterator[tuple[str, object]]:
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if name in _OF_THE_MACHINE or name == "accounts":
            continue
        if isinstance(value, BaseModel):
            yield from ((f"{name}.{key}", found) for key, found in value if key != "workers")
        else:
            yield name, value
    lacking = settings.without_credentials()
    for account, entry in settings.accounts.items():
        yield of_account(account), {key: of for key, of in entry if key not in CREDENTIALS}
        if account not in lacking:
            renewal = SPECS[entry.channel].renewal
            # Each machine may have an older one.
            renewed = renewal.replaces if renewal and getattr(entry, renewal.by) else ()
            yield (
                of_keys(account),
                {key: of for key, of in entry if key in CREDENTIALS and key not in renewed},
            )


def _text(value: object) -> str:
    return json.dumps(value, default=_plain, sort_keys=True)


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return dict(value)
    return sorted(map(str, value)) if isinstance(value, frozenset) else str(value)


def differing(found: Mapping[int, Mapping[str, str]]) -> dict[int, tuple[int, list[str]]]:
    """Who has other settings than most: than whom, and the settings' names."""
    differences: dict[int, tuple[int, list[str]]] = {}
    for name in sorted({name for told in found.values() for name in told}):
        values = [told.get(name) for told in found.values()]
        usual = max(dict.fromkeys(values), key=values.count)  # of equally many, the first one's
        example = next(one for one, told in found.items() if told.get(name) == usual)
        for one, told in found.items():
            if told.get(name) != usual:
                differences.setdefault(one, (example, []))[1].append(name)
    return differences
