"""Connecting a Page: by a person's login, or by a system user's token."""

import pytest

from publisher.base.errors import NotConnected
from publisher.channels.connect import Authorization, Keys
from publisher.platforms.facebook.stand_in import authorization
from publisher.platforms.facebook.stand_in.authorization import system_user_token
from publisher.platforms.facebook.stand_in.graph import app_id
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.faults import Fault
from publisher.settings import settings
from tests.connect.conftest import SETTINGS, Desk, allow

pytestmark = pytest.mark.guards("publisher.platforms.facebook.connect")


def typed(desk: Desk, **more: str) -> dict[str, str]:
    page = desk.account("bice-page")
    return {"app_id": app_id(page), "app_secret": page.credentials["app_secret"], **more}


def login(desk: Desk, *pages: str, name: str = "bice-page") -> tuple[Keys, ...]:
    connector = desk.connection(name).connector
    begun = connector.begin(typed(desk))
    assert isinstance(begun, Authorization)
    return connector.finish(begun, allow(begun, *pages))


def test_a_person_logs_in_and_the_page_that_is_meant_is_taken(desk: Desk) -> None:
    connection = desk.connection("bice-page")
    (keys,) = connection.meant(login(desk, "bice-page", "lima-page"))
    connection.store(keys, connection.check(keys))
    stored = settings.load(desk.workspace.path).credentials("bice-page")
    assert stored == desk.account("bice-page").credentials
    assert (desk.workspace.path / "publisher.toml").read_text() == SETTINGS


def test_of_a_new_account_the_person_chooses_the_page(desk: Desk) -> None:
    connection = desk.connection("new-page", "facebook")
    found = connection.meant(login(desk, "bice-page", "lima-page"))
    assert [keys.options for keys in found] == [{"page_id": "100200300"}, {"page_id": "100200301"}]
    with pytest.raises(NotConnected, match="lima-page has the same keys"):
        connection.check(found[1])
    toml = desk.workspace.path / "publisher.toml"
    before, _page, after = toml.read_text().partition("[accounts.lima-page]\n")
    toml.write_text(before + "[" + after.partition("\n[")[2])
    connection = desk.connection("new-page", "facebook")
    connection.store(found[1], connection.check(found[1]))
    assert settings.load(desk.workspace.path).accounts["new-page"].page_id == "100200301"


def test_a_system_users_token_needs_no_browser(desk: Desk) -> None:
    token = system_user_token(desk.account("bice-page"))
    found = desk.connection("bice-page").connector.begin(typed(desk, user_token=token))
    assert isinstance(found, tuple)
    assert {keys.options["page_id"] for keys in found} == {"100200300", "100200301"}


@pytest.mark.parametrize("login_of", ["person", "system user"])
def test_pages_of_a_business_portfolio_are_found(desk: Desk, login_of: str) -> None:
    """Facebook's list of a person's own Pages leaves them out."""
    desk.sandbox.faults.set([Fault(what=FacebookFault.IN_PORTFOLIO)])
    token = system_user_token(desk.account("bice-page"))
    found = (
        login(desk, "bice-page", "lima-page")
        if login_of == "person"
        else desk.connection("bice-page").connector.begin(typed(desk, user_token=token))
    )
    assert isinstance(found, tuple)
    assert {keys.options["page_id"] for keys in found} == {"100200300", "100200301"}


def test_a_page_that_no_list_has_is_found_by_its_number(desk: Desk) -> None:
    """The number in publisher.toml is asked for by itself."""
    refused = {"code": 200, "endpoint": "getPortfolios"}
    desk.sandbox.faults.set(
        [
            Fault(what=FacebookFault.IN_PORTFOLIO),
            Fault.model_validate({"what": FacebookFault.GRAPH_ERROR, **refused}),
        ]
    )
    token = system_user_token(desk.account("bice-page"))
    connection = desk.connection("bice-page")
    found = connection.begin(typed(desk, user_token=token))
    assert isinstance(found, tuple)
    (keys,) = connection.meant(found)
    connection.store(keys, connection.check(keys))
    with pytest.raises(NotConnected, match="digits"):
        connection.begin(typed(desk, user_token=token, page_id="me/accounts"))


@pytest.mark.parametrize("lacks", ["", "business_management"])
def test_no_other_page_is_taken_for_the_one_that_is_typed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, lacks: str
) -> None:
    """The permission with which Facebook shows more Pages is named, if the login lacks it."""
    if lacks:
        scopes = [one for one in authorization._SCOPES if one != lacks]
        monkeypatch.setattr(authorization, "_SCOPES", frozenset(scopes))
    token = system_user_token(desk.account("bice-page"))
    wanted = (
        f"lacks the permission {lacks}." if lacks else "does not list the Page 222 for this login."
    )
    with pytest.raises(NotConnected, match=wanted):
        desk.connection("new-page", "facebook").begin(typed(desk, user_token=token, page_id="222"))


def test_the_permission_that_a_login_lacks_is_named(desk: Desk) -> None:
    desk.sandbox.faults.set([Fault(what=FacebookFault.SCOPE_DENIED)])
    with pytest.raises(NotConnected, match=r"lacks the permission pages_manage_posts\."):
        login(desk, "bice-page")


def test_another_page_than_the_one_that_is_meant_is_refused(desk: Desk) -> None:
    with pytest.raises(NotConnected, match="BICE"):
        desk.connection("bice-page").meant(login(desk, "lima-page"))
    assert desk.nothing_is_stored()


def test_a_login_without_a_page_is_said(desk: Desk) -> None:
    with pytest.raises(NotConnected, match="no Page"):
        login(desk)


def test_a_login_that_is_denied_is_said(desk: Desk) -> None:
    connector = desk.connection("bice-page").connector
    begun = connector.begin(typed(desk))
    assert isinstance(begun, Authorization)
    with pytest.raises(NotConnected, match="denied"):
        connector.finish(begun, allow(begun, "bice-page", answer="deny"))


def test_an_address_of_another_login_is_refused(desk: Desk) -> None:
    connector = desk.connection("bice-page").connector
    begun, other = connector.begin(typed(desk)), connector.begin(typed(desk))
    assert isinstance(begun, Authorization)
    assert isinstance(other, Authorization)
    with pytest.raises(NotConnected, match="another login"):
        connector.finish(begun, allow(other, "bice-page"))


@pytest.mark.parametrize("address", ["", "https://www.facebook.com/", "1234567", "http://[::1"])
def test_what_is_no_address_with_a_code_is_said(desk: Desk, address: str) -> None:
    connector = desk.connection("bice-page").connector
    begun = connector.begin(typed(desk))
    assert isinstance(begun, Authorization)
    with pytest.raises(NotConnected, match="not contain a code"):
        connector.finish(begun, address)


def test_a_code_works_once(desk: Desk) -> None:
    connector = desk.connection("bice-page").connector
    begun = connector.begin(typed(desk))
    assert isinstance(begun, Authorization)
    address = allow(begun, "bice-page")
    connector.finish(begun, address)
    with pytest.raises(NotConnected, match="does not accept the login"):
        connector.finish(begun, address)


def test_no_secret_is_in_what_a_person_reads(desk: Desk) -> None:
    wrong = typed(desk, app_secret="wrong-secret-of-the-app")
    connector = desk.connection("bice-page").connector
    begun = connector.begin(wrong)
    assert isinstance(begun, Authorization)
    assert "wrong-secret" not in begun.url
    state = begun.kept["state"]
    address = f"https://www.facebook.com/connect/login_success.html?code=abc123&state={state}"
    with pytest.raises(NotConnected) as refused:
        connector.finish(begun, address)
    assert "wrong-secret" not in f"{refused.value!r} {refused.value.hint} {begun!r}"


def test_a_page_cannot_be_revoked_from_here_and_says_where(desk: Desk) -> None:
    connection = desk.connection("bice-page")
    (keys,) = connection.meant(login(desk, "bice-page"))
    connection.store(keys, connection.check(keys))
    to_do = desk.connection("bice-page").revoke()
    assert to_do
    assert "business settings" in to_do
    assert "bice-page" not in desk.secrets.read_text()
