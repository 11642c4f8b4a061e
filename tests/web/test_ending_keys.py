"""The keys of an account are ended on its card on Accounts, by an admin who proves who they are."""

import pytest
from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.connect.connection import AccountConnection
from publisher.settings import settings
from tests.support.journeys import log_in, serious, visiting
from tests.support.log_ins import an_hour_later
from tests.support.pages import PASSWORD, Visit


def test_an_admin_ends_the_keys_on_the_card_after_one_confirmation_and_a_proof(
    app: Application, address: str, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []

    def revoke(connection: AccountConnection) -> str:
        ended.append(connection.account.name)
        return ""

    monkeypatch.setattr(AccountConnection, "revoke", revoke)
    with visiting(browser, address, refused=[403]) as page:
        log_in(page, "chef")
        an_hour_later(app)
        page.goto("/accounts")
        card = page.locator(".cards > li", has_text="bice-x")
        card.get_by_text("Disconnect …").click()
        assert serious(page, "/accounts") == []
        assert not ended
        card.get_by_role("button", name="Disconnect").click()
        expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
        assert not ended
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm and continue").first.click()
        expect(
            page.get_by_text("The keys of bice-x are revoked, and deleted here.")
        ).to_be_visible()
    assert ended == ["bice-x"]


def test_only_who_may_end_keys_that_are_there_finds_the_button(
    app: Application, address: str
) -> None:
    """A website has none, and a manager pauses the account instead."""
    assert settings.load(app.settings.workspace, {}).credentials("bice-x")
    with Visit(address) as visit:
        visit.log_in("direction")
        assert "Disconnect" not in visit.get("/accounts").text
    with Visit(address) as visit:
        visit.log_in("chef")
        cards = visit.get("/accounts").text.split('class="row who"')[1:]
        has = {name: "Disconnect" in card for card in cards
               for name in ("bice-x", "bice-page", "bice-site") if f'id">{name}<' in card}  # fmt: skip
        assert has == {"bice-x": True, "bice-page": True, "bice-site": False}
