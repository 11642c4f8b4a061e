"""Connecting an account on X: with a PIN, for all accounts of one app."""

import stat

import pytest

from publisher.base.errors import AnotherOwner, NotConnected, PublisherError
from publisher.channels.connect import Authorization
from publisher.doctor import Grade, accounts
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.settings import settings
from tests.connect.conftest import SETTINGS, Desk, allow, pin


def connect(desk: Desk, name: str, *, another_owner: bool = False) -> None:
    connection = desk.connection(name)
    (keys,) = connection.meant(pin(desk, name))
    connection.store(keys, connection.check(keys, another_owner=another_owner))


def test_the_keys_are_stored_for_this_user_alone(desk: Desk) -> None:
    connect(desk, "bice-x")
    stored = settings.load(desk.workspace.path).credentials("bice-x")
    assert stored == desk.account("bice-x").credentials
    assert stat.S_IMODE(desk.secrets.stat().st_mode) == 0o600


def test_publisher_toml_gets_the_handle_and_keeps_its_comments(desk: Desk) -> None:
    connect(desk, "bice-x")
    toml = (desk.workspace.path / "publisher.toml").read_text()
    assert 'handle = "bice_x"' in toml
    assert toml.replace('handle = "bice_x"\n', "") == SETTINGS


def test_what_stood_in_secrets_toml_stays_with_its_comments(desk: Desk) -> None:
    before = '# by hand\n[lima-x]\napi_key = "a" # the app\n\n[notices]\nurls = []\n'
    desk.secrets.write_text(before)
    connect(desk, "bice-x")
    assert desk.secrets.read_text().startswith(before)


def test_another_account_finds_the_keys_of_the_app(desk: Desk) -> None:
    connect(desk, "bice-x")
    defaults = {field.name: field.default for field in desk.connection("lima-x").fields}
    assert defaults == desk.app_keys()


def test_an_account_that_publisher_toml_does_not_name_is_added(desk: Desk) -> None:
    connection = desk.connection("new-x", "twitter")
    (keys,) = pin(desk, "bice-x")
    connection.store(keys, connection.check(keys))
    entry = settings.load(desk.workspace.path).accounts["new-x"]
    assert (entry.channel, entry.handle) == ("twitter", "bice_x")


@pytest.mark.parametrize(
    ("typed", "message"),
    [("1234567", "does not accept this PIN"), ("no pin", "not a PIN"), ("", "not a PIN")],
)
def test_a_wrong_pin_stores_nothing(desk: Desk, typed: str, message: str) -> None:
    connector = desk.connection("bice-x").connector
    begun = connector.begin(desk.app_keys())
    assert isinstance(begun, Authorization)
    allow(begun, "bice-x")
    with pytest.raises(NotConnected, match=message) as refused:
        connector.finish(begun, typed)
    assert refused.value.hint
    assert desk.nothing_is_stored()


def test_a_pin_works_once(desk: Desk) -> None:
    connector = desk.connection("bice-x").connector
    begun = connector.begin(desk.app_keys())
    assert isinstance(begun, Authorization)
    shown = allow(begun, "bice-x")
    connector.finish(begun, f" {shown}\n")
    with pytest.raises(NotConnected):
        connector.finish(begun, shown)


def test_who_does_not_allow_it_gets_no_pin(desk: Desk) -> None:
    connector = desk.connection("bice-x").connector
    begun = connector.begin(desk.app_keys())
    assert isinstance(begun, Authorization)
    assert "oauth_token" in allow(begun, "bice-x", answer="deny")
    with pytest.raises(NotConnected):
        connector.finish(begun, "0000000")


def test_wrong_keys_of_the_app_are_said_at_once(desk: Desk) -> None:
    wrong = {**desk.app_keys(), "api_secret": "not-the-secret-of-this-app"}
    with pytest.raises(NotConnected, match="keys of the app") as refused:
        desk.connection("bice-x").connector.begin(wrong)
    assert "not-the-secret" not in f"{refused.value} {refused.value.hint}"


def test_the_keys_of_another_account_are_refused(desk: Desk) -> None:
    desk.workspace.write(
        "publisher.toml", SETTINGS.replace("# the main one", '\nhandle = "bice_x"')
    )
    connection = desk.connection("bice-x")
    (keys,) = pin(desk, "bice-x", as_account="lima-x")
    with pytest.raises(NotConnected, match="@lima_x") as refused:
        connection.check(keys)
    assert "right account" in str(refused.value.hint)
    assert not desk.secrets.exists()


def test_two_accounts_do_not_get_the_keys_of_one_owner(desk: Desk) -> None:
    desk.app().database.migrate()
    connect(desk, "bice-x")
    connection = desk.connection("lima-x")
    (keys,) = pin(desk, "lima-x", as_account="bice-x")
    with pytest.raises(NotConnected, match="bice-x has the same keys"):
        connection.check(keys)


def test_before_there_is_a_ledger_a_handle_names_the_owner(desk: Desk) -> None:
    """As when a workspace is new, and its accounts are connected one after the other."""
    connect(desk, "bice-x")
    connection = desk.connection("lima-x")
    (keys,) = pin(desk, "lima-x", as_account="bice-x")
    with pytest.raises(NotConnected, match="bice-x has the same keys"):
        connection.check(keys)


def test_an_owner_that_changes_has_to_be_meant(desk: Desk) -> None:
    desk.app().database.migrate()
    connect(desk, "bice-x")
    desk.workspace.write("publisher.toml", SETTINGS)
    connection = desk.connection("bice-x")
    (keys,) = pin(desk, "bice-x", as_account="lima-x")
    with pytest.raises(AnotherOwner):
        connection.check(keys)
    health = connection.check(keys, another_owner=True)
    assert str(health.owner) == "@lima_x"


def test_keys_that_may_only_read_are_refused(desk: Desk) -> None:
    connection = desk.connection("bice-x")
    (keys,) = pin(desk, "bice-x")
    user = {"data": {"id": desk.account("bice-x").user_id, "name": "a", "username": "bice_x"}}
    read_only = Fault(
        what=What.ANSWER, endpoint="getUsersMe", status=200, body=user,
        headers={"x-access-level": "read"},
    )  # fmt: skip
    desk.sandbox.faults.set([read_only])
    with pytest.raises(NotConnected, match="can only read"):
        connection.check(keys)


@pytest.mark.parametrize("what", [What.HANG_UP, What.SERVER_ERROR, What.HTML, What.NOT_JSON])
def test_a_platform_that_fails_says_to_try_again(desk: Desk, what: What) -> None:
    desk.sandbox.faults.set([Fault(what=what, endpoint="requestToken")])
    with pytest.raises(NotConnected) as refused:
        desk.connection("bice-x").connector.begin(desk.app_keys())
    assert "again" in str(refused.value.hint)
    assert desk.nothing_is_stored()


def test_a_variable_that_would_overrule_the_file_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_ACCOUNTS__BICE_X__ACCESS_TOKEN", "from elsewhere")
    with pytest.raises(NotConnected, match="PUBLISHER_ACCOUNTS__BICE_X__ACCESS_TOKEN"):
        desk.connection("bice-x").refuse_variables()


def test_revoking_ends_the_keys_there_and_here(desk: Desk) -> None:
    connect(desk, "bice-x")
    connection = desk.connection("bice-x")
    keys = desk.account("bice-x").credentials
    assert connection.revoke() is None
    assert "bice-x" not in desk.secrets.read_text()
    assert connection.connector.revoke(keys) is None  # they are ended already


def test_keys_that_cannot_be_ended_now_stay(desk: Desk) -> None:
    connect(desk, "bice-x")
    before = desk.secrets.read_text()
    desk.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="invalidateToken")])
    with pytest.raises(NotConnected):
        desk.connection("bice-x").revoke()
    assert desk.secrets.read_text() == before


def test_nothing_is_changed_where_the_keys_cannot_be_written(desk: Desk) -> None:
    connection = desk.connection("bice-x")
    (keys,) = pin(desk, "bice-x")
    health = connection.check(keys)
    desk.secrets.symlink_to(desk.workspace.path / "away" / "secrets.toml")
    with pytest.raises(PublisherError, match=r"secrets\.toml"):
        connection.store(keys, health)
    assert (desk.workspace.path / "publisher.toml").read_text() == SETTINGS


def test_connecting_finds_out_whether_the_account_may_post_long_texts(desk: Desk) -> None:
    desk.sandbox.faults.set([Fault(what=XFault.PREMIUM)])
    connect(desk, "bice-x")
    assert settings.load(desk.workspace.path).accounts["bice-x"].long_posts == "yes"
    desk.sandbox.faults.set([Fault(what=XFault.NO_PREMIUM)])
    (finding, *_) = [
        one
        for one in accounts.examine(desk.app(), offline=False, only="bice-x")
        if one.subject == "account bice-x"
    ]
    assert finding.grade is Grade.BAD, "what is longer would be refused"
    assert 'long_posts = "no"' in finding.message
    connect(desk, "bice-x")
    assert settings.load(desk.workspace.path).accounts["bice-x"].long_posts == "no"
