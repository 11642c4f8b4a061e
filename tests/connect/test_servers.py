"""Connecting accounts that have a server of their own, and pages of organisations."""

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.base.errors import NotConnected
from publisher.channels import registry
from publisher.channels.connect import Authorization, Keys
from publisher.connect.connection import AccountConnection
from publisher.doctor import Grade, accounts
from publisher.ledger.news.outbox import News
from publisher.ledger.news.owner_news import KeysEnd
from publisher.platforms.linkedin.connect import RETURN
from publisher.platforms.linkedin.stand_in.refusals import LinkedInFault
from publisher.platforms.mastodon.stand_in.refusals import MastodonFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.settings import account_files, settings
from tests.connect.conftest import SETTINGS, Desk, allow
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards(
    "publisher.platforms.*.connect",
    "publisher.platforms.linkedin.tokens",
    "publisher.platforms.linkedin.stand_in.tokens",
)

NAMES = ("bice-fedi", "bice-linkedin", "bice-wp")
ENDS_ITSELF = ("bice-fedi", "bice-wp")


def typed(desk: Desk, name: str) -> Mapping[str, str]:
    keys = desk.account(name).credentials
    fields: dict[str, Mapping[str, str]] = {
        "bice-fedi": {"server": "mastodon.example"},
        "bice-linkedin": {one: keys[one] for one in ("client_id", "client_secret") if one in keys},
        "bice-wp": {"server": "https://bice-wp.example/", "user": keys.get("user", "")},
    }
    return fields[name]


def begin(desk: Desk, name: str) -> Authorization:
    begun = desk.connection(name).connector.begin(typed(desk, name))
    assert isinstance(begun, Authorization)
    return begun


def keys_of(desk: Desk, name: str, as_account: str | None = None) -> Keys:
    begun = begin(desk, name)
    answer = allow(begun, as_account or name)
    (keys,) = desk.connection(name).connector.finish(begun, f" {answer} ")
    return keys


def finish(connection: AccountConnection, begun: Authorization, answer: str) -> None:
    """The last steps: a WordPress password is tried with the check alone."""
    (keys,) = connection.connector.finish(begun, answer)
    connection.check(keys)


def connect(desk: Desk, name: str) -> None:
    connection = desk.connection(name)
    keys = keys_of(desk, name)
    connection.store(keys, connection.check(keys))


@pytest.mark.parametrize("name", NAMES)
def test_an_account_is_connected(desk: Desk, name: str) -> None:
    connect(desk, name)
    stored, right = settings.load(desk.workspace.path).credentials(name), desk.account(name)
    secret = {"bice-wp": "application_password"}.get(name, "access_token")
    assert stored[secret] == right.credentials[secret]


def test_a_category_that_is_missing_is_a_remark_and_no_refusal(desk: Desk) -> None:
    """The keys are right; doctor warns of what is not."""
    toml = desk.workspace.path / "publisher.toml"
    named = '[accounts.bice-wp]\ncategories = "Nouvelles"\n'
    toml.write_text(toml.read_text().replace("[accounts.bice-wp]\n", named))
    connect(desk, "bice-wp")
    (finding,) = (
        one
        for one in accounts.examine(desk.app(), offline=False, only="bice-wp")
        if one.subject == "account bice-wp"
    )
    assert finding.grade is Grade.WARNING
    assert "no category Nouvelles" in (finding.hint or "")


def test_the_limits_of_its_server_are_written_beside_an_account(desk: Desk) -> None:
    """Those that are not as usual; again, when the server has changed them."""
    toml = desk.workspace.path / "publisher.toml"
    connect(desk, "bice-fedi")
    assert toml.read_text() == SETTINGS
    desk.sandbox.faults.set([Fault(what=MastodonFault.OTHER_LIMITS)])
    connect(desk, "bice-fedi")
    assert "max_characters = 1000" in toml.read_text()
    account = settings.load(desk.workspace.path).public_accounts()["bice-fedi"]
    assert registry.capabilities_of(account).max_length == 1000
    desk.sandbox.faults.set([])
    connect(desk, "bice-fedi")
    assert "max_characters = 500" in toml.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_who_does_not_allow_it_gets_no_keys(desk: Desk, name: str) -> None:
    connection, begun = desk.connection(name), begin(desk, name)
    answer = allow(begun, name, answer="deny")
    with pytest.raises(NotConnected) as refused:
        finish(connection, begun, answer)
    assert refused.value.hint
    assert not desk.secrets.exists()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_pasted_wrongly_is_said(desk: Desk, name: str) -> None:
    connection, begun = desk.connection(name), begin(desk, name)
    allow(begun, name)
    with pytest.raises(NotConnected):
        finish(connection, begun, "nonsense")
    assert not desk.secrets.exists()


@pytest.mark.parametrize("name", ENDS_ITSELF)
def test_revoking_ends_the_keys_there_and_here(desk: Desk, name: str) -> None:
    connect(desk, name)
    keys = settings.load(desk.workspace.path).credentials(name)
    connection = desk.connection(name)
    assert connection.revoke() is None
    assert name not in desk.secrets.read_text()
    with pytest.raises(NotConnected):
        connection.check(Keys(keys))


def test_linkedin_says_where_its_access_is_ended(desk: Desk) -> None:
    connect(desk, "bice-linkedin")
    assert "Permitted services" in str(desk.connection("bice-linkedin").revoke())


def test_linkedins_refresh_token_is_kept_and_used_again_and_again(desk: Desk) -> None:
    """It stays the same, so newer keys are told from older ones by the access token."""
    desk.app().database.migrate()
    desk.sandbox.faults.set([Fault(what=LinkedInFault.REFRESH_TOKEN)])
    connect(desk, "bice-linkedin")
    known = [settings.load(desk.workspace.path).credentials("bice-linkedin")]
    with closing(desk.app()) as app, app.channel("bice-linkedin") as channel:
        assert channel.examine().problem is None
    for _month in range(2):
        soon = (SystemClock().now() + timedelta(days=19)).isoformat()
        text = account_files.with_keys(desk.secrets, "bice-linkedin", {"expires_at": soon}, ())
        desk.secrets.write_text(text or "")
        with closing(desk.app()) as app:
            app.keyring.renew("bice-linkedin")
            known.append(app.keyring.credentials("bice-linkedin"))
            with app.channel("bice-linkedin") as channel:
                assert channel.examine().problem is None
            assert app.keyring.trouble("bice-linkedin") is None
    assert settings.load(desk.workspace.path).credentials("bice-linkedin") == known[-1]
    assert len({keys["access_token"] for keys in known}) == 3
    assert len({keys["refresh_token"] for keys in known}) == 1


def test_the_end_of_linkedins_consent_is_told_twice_and_suspends_nothing(desk: Desk) -> None:
    """The account works until then, and a post that goes out is no sign that all is well."""
    desk.app().database.migrate()
    desk.sandbox.faults.set([Fault(what=LinkedInFault.REFRESH_TOKEN)])
    connect(desk, "bice-linkedin")
    desk.sandbox.faults.set([Fault(what=LinkedInFault.CONSENT_ENDS)])
    clock, notices = ManualClock(), []
    clock.advance((SystemClock().now() - clock.now()).total_seconds())
    with closing(Application(settings.load(desk.workspace.path), clock)) as app:
        news = News(app.database, clock)
        news.begin("log", clock.now())
        before = app.keyring.credentials("bice-linkedin")
        for days in (39, 41, 42, 54, 56, 57, 58):  # of 60
            day = datetime.fromisoformat(before["expires_at"]) - timedelta(days=60 - days)
            clock.advance((day - clock.now()).total_seconds())
            app.keyring.renew("bice-linkedin")
            turn = news.claim("log")
            found = news.untold("log")
            news.told("log", turn or 0, found)
            notices += [(days, type(one)) for one in found]
        assert all(one.suspension_message is None for one in app.queries.accounts())
        assert app.keyring.credentials("bice-linkedin") == before
        message, hint = app.keyring.trouble("bice-linkedin") or ("", "")
    assert notices == [(41, KeysEnd), (56, KeysEnd)]
    assert message.startswith("The consent on LinkedIn ends on ")
    assert "publisher connect bice-linkedin" in hint


def test_the_code_of_linkedin_comes_to_an_address_of_the_app(desk: Desk) -> None:
    begun = begin(desk, "bice-linkedin")
    assert allow(begun, "bice-linkedin").startswith(f"{RETURN}?code=")


def test_a_code_of_another_attempt_is_refused(desk: Desk) -> None:
    connector = desk.connection("bice-linkedin").connector
    begun, other = begin(desk, "bice-linkedin"), begin(desk, "bice-linkedin")
    with pytest.raises(NotConnected, match="another login"):
        connector.finish(begun, allow(other, "bice-linkedin"))


@pytest.mark.parametrize("server", ["http://mastodon.example", "https://", "mastodon.example/a?b"])
def test_an_address_that_is_none_is_said_before_anything_is_sent(desk: Desk, server: str) -> None:
    with pytest.raises(NotConnected, match="server"):
        desk.connection("bice-fedi").connector.begin({"server": server})
    assert not desk.sandbox.store.requests


@pytest.mark.parametrize("what", [What.NOT_JSON, What.EMPTY])
def test_a_server_that_is_no_mastodon_is_said(desk: Desk, what: What) -> None:
    desk.sandbox.faults.set([Fault(what=what, endpoint="registerApp")])
    with pytest.raises(NotConnected, match="not a Mastodon server"):
        begin(desk, "bice-fedi")


def test_a_site_behind_another_password_is_said(desk: Desk) -> None:
    connection, keys = desk.connection("bice-wp"), keys_of(desk, "bice-wp")
    page = Fault(
        what=What.ANSWER, endpoint="getSiteUser", status=401,
        body="<html><h1>401 Authorization Required</h1></html>",
    )  # fmt: skip
    desk.sandbox.faults.set([page])
    with pytest.raises(NotConnected) as refused:
        connection.check(keys)
    assert refused.value.hint
    secret = keys.credentials["application_password"]
    assert secret not in f"{refused.value} {refused.value.hint} {keys!r}"


def test_the_keys_of_another_account_are_refused(desk: Desk) -> None:
    connection = desk.connection("bice-fedi")
    renamed = Fault(what=What.RENAMED, endpoint="verifyAccount")
    desk.sandbox.faults.set([renamed])
    with pytest.raises(NotConnected, match="other_bice"):
        connection.check(keys_of(desk, "bice-fedi"))


def of_bluesky(desk: Desk, **more: str) -> Mapping[str, str]:
    keys = desk.account("bice-sky").credentials
    return {name: keys[name] for name in ("identifier", "app_password")} | more


def test_an_app_password_of_bluesky_is_tried_and_stored(desk: Desk) -> None:
    connection = desk.connection("bice-sky")
    begun = connection.connector.begin(of_bluesky(desk))
    assert not isinstance(begun, Authorization)
    (keys,) = begun
    connection.store(keys, connection.check(keys))
    stored = settings.load(desk.workspace.path).credentials("bice-sky")
    assert stored == dict(of_bluesky(desk))
    assert "App passwords" in str(desk.connection("bice-sky").revoke())


def test_the_own_password_of_an_account_on_bluesky_is_not_even_tried(desk: Desk) -> None:
    with pytest.raises(NotConnected, match="not an app password") as refused:
        desk.connection("bice-sky").connector.begin(of_bluesky(desk, app_password="my-own-secret!"))
    assert "my-own" not in f"{refused.value} {refused.value.hint}"
    assert not desk.sandbox.store.requests


def test_a_wrong_app_password_of_bluesky_stores_nothing(desk: Desk) -> None:
    connection = desk.connection("bice-sky")
    begun = connection.connector.begin(of_bluesky(desk, app_password="aaaa-bbbb-cccc-dddd"))
    assert not isinstance(begun, Authorization)
    (keys,) = begun
    with pytest.raises(NotConnected, match="app password"):
        connection.check(keys)
    assert not desk.secrets.exists()


@pytest.mark.parametrize(
    ("assumed", "grade", "said"),
    [
        (None, Grade.WARNING, "accepts more than `publisher check` knows: max_characters = 1000"),
        (2000, Grade.BAD, "are refused when they are due"),
        (1000, Grade.GOOD, "accepts its requests"),
    ],
)
def test_doctor_says_when_the_limits_of_the_server_are_not_those_of_publisher_toml(
    assumed: int | None, grade: Grade, said: str, desk: Desk
) -> None:
    connect(desk, "bice-fedi")
    if assumed:
        toml = desk.workspace.path / "publisher.toml"
        account = "[accounts.bice-fedi]\n"
        text = SETTINGS.replace(account, f"{account}max_characters = {assumed}\n")
        toml.write_text(text, encoding="utf-8")
    desk.sandbox.faults.set([Fault(what=MastodonFault.OTHER_LIMITS)])
    found = list(accounts.examine(desk.app(), offline=False, only="bice-fedi"))
    (finding,) = [one for one in found if one.subject == "account bice-fedi"]
    assert finding.grade is grade
    assert said in finding.message
