"""Connecting to a platform, or a machine in between, that means harm: nothing is half stored."""

from collections.abc import Mapping

import pytest

from publisher.base.errors import PublisherError
from publisher.channels.connect import Authorization, Keys
from publisher.connect.connection import AccountConnection
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.platforms import PLATFORMS
from publisher.settings import settings
from tests.connect.conftest import SETTINGS, Desk, allow

NAMES = ("bice-x", "bice-page", "bice-fedi", "bice-linkedin", "bice-wp", "bice-sky")
KINDS = (What.BOMB, What.HTML, What.OTHER_CHARSET, What.REDIRECT, What.STALE, What.STRANGE)
MOST_REQUESTS = 6
"""To connect an account, with the browser's; the others are asked in vain."""


def typed(desk: Desk, name: str) -> Mapping[str, str]:
    account = desk.account(name)
    fields = PLATFORMS[account.channel].typed(account)
    known = {field.name for field in desk.connection(name).fields}
    return {key: value for key, value in fields.items() if key in known}


def connected(desk: Desk, name: str, fault: Fault) -> Keys:
    """Connect an account; the browser sees the platform as it is."""
    connection, browser = desk.connection(name), desk.sandbox.faults
    browser.set([fault])
    begun = connection.begin(typed(desk, name))
    if isinstance(begun, Authorization):
        rules = browser.as_json()
        browser.set([])
        answer = allow(begun, name)
        seen = rules[0]["seen"]
        browser.set([fault.model_copy(update={"nth": tuple(n - seen for n in fault.nth)})])
        begun = connection.finish(begun, answer)
    return stored(connection, begun)


def stored(connection: AccountConnection, found: tuple[Keys, ...]) -> Keys:
    keys = found[0]
    connection.store(keys, connection.check(keys))
    return keys


def refusal(desk: Desk, name: str, fault: Fault) -> str | None:
    """Why the account was not connected; None: it was."""
    try:
        connected(desk, name, fault)
    except PublisherError as refused:
        return str(refused)
    return None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", KINDS)
def test_a_hostile_answer_is_a_clear_error_or_does_no_harm(
    desk: Desk, what: What, name: str
) -> None:
    """Whichever request it answers: there is no crash, and the right keys or none are stored."""
    right = desk.account(name).credentials
    status, refusals = 200 if what is What.HTML else None, list[str]()
    for number in range(1, MOST_REQUESTS + 1):
        fault = Fault(
            what=what,
            channel=desk.account(name).channel,
            nth=(number,),
            status=status,
        )
        if refused := refusal(desk, name, fault):
            refusals.append(refused)
            assert desk.nothing_is_stored()
            continue
        told = settings.load(desk.workspace.path).credentials(name)
        assert {key: told[key] for key in told.keys() & right.keys()} == {
            key: right[key] for key in told.keys() & right.keys()
        }
        desk.secrets.unlink()
        (desk.workspace.path / "publisher.toml").write_text(SETTINGS)
    assert refusals
