"""Passkeys in a real browser, with Chromium's virtual authenticator: set up, used as the second
factor, instead of the password, and as a proof; and what a thief tries with an answer.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from publisher.app import Application
from publisher.auth.second_factors import Passkey
from publisher.base.i18n import _
from publisher.model.events import Event
from tests.support.journeys import log_in, serious
from tests.support.log_ins import an_hour_later
from tests.support.pages import PASSWORD, Visit

pytestmark = pytest.mark.guards("publisher.auth.passkeys")


@pytest.fixture
def named(address: str) -> str:
    """The pages under a name: passkeys are bound to one."""
    return address.replace("127.0.0.1", "localhost")


@contextmanager
def authenticator(page: Page, *, verifies: bool = True) -> Iterator[tuple[CDPSession, str]]:
    """A phone that presses its own button; one that `verifies` looks at the finger, too."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": verifies, "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield devtools, made["authenticatorId"]
    devtools.send("WebAuthn.disable")


@pytest.fixture
def page(browser: Browser, named: str, lang: str) -> Iterator[Page]:
    context = browser.new_context(base_url=named, locale=lang)
    page = context.new_page()
    page.set_default_timeout(20_000)
    log_in(page, "direction")
    yield page
    context.close()


def set_up(page: Page) -> None:
    begin(page)
    name_it(page)


def begin(page: Page) -> None:
    page.goto("/me")
    page.get_by_role("button", name=_("Add a passkey")).click()


def name_it(page: Page) -> None:
    page.get_by_label(_("A name that you will recognise")).fill("Mon téléphone")
    page.get_by_role("button", name=_("Add it")).click()
    expect(page.get_by_role("heading", name=_("Recovery codes"))).to_be_visible()


def log_out(page: Page) -> None:
    page.goto("/me")
    page.get_by_role("button", name=_("Log out"), exact=True).click()


def test_a_passkey_is_set_up_and_used_in_each_way(app: Application, page: Page) -> None:
    with authenticator(page) as (devtools, device):
        begin(page)
        assert serious(page, "passkey") == []
        name_it(page)
        assert serious(page, "codes") == []
        person = app.people.find("direction")
        (passkey,) = app.second_factors.of(person).passkeys
        assert passkey.name == "Mon téléphone"
        # As the second factor: the page asks for it by itself.
        log_out(page)
        page.goto("/login?next=/posts/day.fr")
        page.get_by_label(_("Name"), exact=True).fill("direction")
        page.get_by_label(_("Password")).fill(PASSWORD)
        page.get_by_role("button", name=_("Log in"), exact=True).click()
        page.wait_for_url("**/posts/day.fr")
        # Instead of the password.
        log_out(page)
        page.goto("/login?next=/log")
        page.get_by_role("button", name=_("Log in with a passkey")).click()
        page.wait_for_url("**/log")
        # As a proof, with the form that was sent.
        an_hour_later(app)
        app.control.pause(None, "x", "chef")
        page.goto("/resume")
        page.get_by_role("button", name=_("Resume publishing")).click()
        assert serious(page, "confirm") == []
        page.get_by_role("button", name=_("Or your passkey")).click()
        expect(page.get_by_text(_("Publishing has resumed."))).to_be_visible()
        credentials = devtools.send("WebAuthn.getCredentials", {"authenticatorId": device})
        assert len(credentials["credentials"]) == 1
        uses = app.second_factors.last_uses(person)
        assert passkey.id in uses
        # Removed, it is of no use.
        page.goto("/me")
        page.get_by_role("button", name=_("Remove {name}", name="Mon téléphone")).click()
        expect(page.get_by_text(_("The second factor is removed."))).to_be_visible()
        log_out(page)
        page.get_by_role("button", name=_("Log in with a passkey")).click()
        expect(page.get_by_role("alert")).to_contain_text(
            _("The passkey did not work, or is not known here.")
        )


@pytest.mark.parametrize("lang", ["en"], indirect=True)
def test_who_only_holds_a_stick_needs_the_password_too(app: Application, page: Page) -> None:
    """It was found, or stolen: nobody looked at a finger."""
    with authenticator(page, verifies=False):
        set_up(page)
        log_out(page)
        page.get_by_role("button", name="Log in with a passkey").click()
        button = page.get_by_role("button", name="Use your passkey")
        expect(page.locator("[data-failed]")).to_be_visible()
        expect(button).to_be_enabled()
        page.goto("/login")
        page.get_by_label("Name", exact=True).fill("direction")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_role("heading", name="Today")).to_be_visible()


@pytest.mark.parametrize("lang", ["en"], indirect=True)
def test_a_browser_that_says_nothing_of_the_finger_is_not_believed(
    app: Application, page: Page, named: str
) -> None:
    """Whoever found a stick changes what their browser asks of it."""
    with authenticator(page, verifies=False), Visit(named) as thief:
        set_up(page)
        (passkey,) = app.second_factors.of(app.people.find("direction")).passkeys
        found = {
            "userVerification": "discouraged",
            "allowCredentials": [{"id": passkey.id, "type": "public-key"}],
        }
        thief.get("/login")
        thief.send("/login/passkey")
        told = answered(page, json.dumps({**json.loads(options_on(thief)), **found}))
        assert thief.send("/login/passkey", answer=json.dumps(told)).status_code == 401
        assert thief.get("/").status_code == 303
        thief.log_in("direction")
        told = answered(page, options_on(thief))
        assert thief.send("/login/passkey", answer=json.dumps(told)).status_code == 200
        assert thief.get("/").status_code == 200


def answered(page: Page, options: str) -> dict[str, Any]:
    """What the authenticator answers; sent by nobody yet."""
    script = """async (text) => {
      const options = JSON.parse(text);
      const bytes = (one) => Uint8Array.from(atob(one.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
      const coded = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
      const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: (options.allowCredentials || []).map((one) => ({ ...one, id: bytes(one.id) })) };
      const made = await navigator.credentials.get({ publicKey });
      const r = made.response;
      return { id: made.id, rawId: coded(made.rawId), type: made.type, response: { clientDataJSON: coded(r.clientDataJSON), authenticatorData: coded(r.authenticatorData), signature: coded(r.signature), userHandle: r.userHandle && coded(r.userHandle) } };
    }"""
    found: dict[str, Any] = page.evaluate(script, options)
    return found


def options_on(visit: Visit) -> str:
    found = re.search(r'data-options="([^"]+)"', visit.page)
    assert found, visit.text
    return found[1].replace("&#34;", '"').replace("&amp;", "&")


@pytest.mark.parametrize("lang", ["en"], indirect=True)
def test_an_answer_counts_once_and_for_whom_it_was_asked(
    app: Application, page: Page, named: str
) -> None:
    with authenticator(page):
        set_up(page)
        with Visit(named) as visit, Visit(named) as thief:
            visit.get("/login")
            visit.send("/login/passkey")
            answer = answered(page, options_on(visit))
            told = json.dumps(answer)
            # In another browser, whose challenge is another one.
            thief.get("/login")
            thief.send("/login/passkey")
            assert thief.send("/login/passkey", answer=told).status_code == 401
            # Changed on the way.
            for change in (
                {"signature": answer["response"]["authenticatorData"]},
                {"authenticatorData": answer["response"]["authenticatorData"][:-4] + "AAAA"},
                {"clientDataJSON": "e30"},
            ):
                visit.get("/login")
                visit.send("/login/passkey")
                wrong = {**answer, "response": {**answer["response"], **change}}
                assert visit.send("/login/passkey", answer=json.dumps(wrong)).status_code == 401
            # As it was made, but its challenge was used up by the tries above.
            assert visit.send("/login/passkey", answer=told).status_code == 401
            visit.get("/login")
            visit.send("/login/passkey")
            fresh = json.dumps(answered(page, options_on(visit)))
            answer_of_server = visit.send("/login/passkey", answer=fresh)
            assert answer_of_server.status_code == 200
            assert visit.get("/").status_code == 200
            visit.get("/me")
            visit.send("/logout")
            visit.get("/login")
            visit.send("/login/passkey")
            assert visit.send("/login/passkey", answer=fresh).status_code == 401
            # Somebody else's password with this passkey is neither of the two.
            thief.log_in("chef")
            thief.get("/me")
            thief.send("/logout")
        app.second_factors.clear("direction", actor="chef")
        with Visit(named) as visit:
            visit.get("/login")
            visit.send("/login/passkey")
            last = json.dumps(answered(page, options_on(visit)))
            assert visit.send("/login/passkey", answer=last).status_code == 401


@pytest.mark.parametrize("lang", ["en"], indirect=True)
def test_somebody_elses_passkey_is_no_second_factor(
    app: Application, page: Page, named: str
) -> None:
    with authenticator(page):
        set_up(page)
        own = Passkey("bm90LXRoZXJl", "a2V5", "A stick at home")
        app.second_factors.add_passkey(app.people.find("chef"), own, 0)
        with Visit(named) as thief:
            thief.log_in("chef")
            options = json.loads(options_on(thief))
            assert [one["id"] for one in options["allowCredentials"]] == [own.id]
            signed = answered(page, json.dumps({**options, "allowCredentials": []}))
            assert thief.send("/login/passkey", answer=json.dumps(signed)).status_code == 401
            signed["id"] = signed["rawId"] = own.id
            thief.send("/login/passkey")
            assert thief.send("/login/passkey", answer=json.dumps(signed)).status_code == 401
            assert thief.get("/").status_code == 303


@pytest.mark.parametrize("lang", ["en"], indirect=True)
def test_somebody_elses_passkey_confirms_nothing(app: Application, page: Page, named: str) -> None:
    own = Passkey("bm90LXRoZXJl", "a2V5", "A stick at home")
    with authenticator(page), Visit(named) as thief:
        set_up(page)
        thief.log_in("chef")
        app.second_factors.add_passkey(app.people.find("chef"), own, 0)
        an_hour_later(app)
        thief.get("/people")
        fields = {"name": "Lima", "role": "admin", "scope": "all"}
        thief.send("/people", **fields)
        options = {**json.loads(options_on(thief)), "allowCredentials": []}
        signed = json.dumps(answered(page, json.dumps(options)))
        assert thief.send("/people", **fields, **{"proof-passkey": signed}).status_code == 403
        assert "That was not right. Nothing was done." in thief.text
        assert "lima" not in {person.key for person in app.people.all()}


@pytest.mark.parametrize(
    "answer",
    ["", "x", "{}", "[]", "null", '{"id": 1}', "[" * 3000, '{"id": "x", "response": {}}', "é\x01"],
)
def test_nonsense_is_no_passkey(anonymous: Visit, staff: Visit, answer: str) -> None:
    anonymous.client.base_url = str(anonymous.client.base_url).replace("127.0.0.1", "localhost")
    anonymous.get("/login")
    anonymous.send("/login/passkey")
    assert anonymous.send("/login/passkey", answer=answer).status_code in (200, 401)
    staff.client.base_url = str(staff.client.base_url).replace("127.0.0.1", "localhost")
    staff.log_in("stagiaire")
    staff.get("/me")
    staff.send("/me/factors", do="passkey")
    assert staff.send("/me/passkeys", name="x", answer=answer).status_code == 400


def test_under_a_number_none_is_offered(staff: Visit, anonymous: Visit) -> None:
    """Browsers bind them to a name."""
    assert "data-with-passkeys" not in anonymous.get("/login").text
    staff.get("/me")
    assert 'value="passkey"' not in staff.page
    assert staff.send("/me/factors", do="passkey").status_code == 400


def test_passkeys_are_on_record(app: Application, page: Page) -> None:
    with authenticator(page):
        set_up(page)
    steps = [step.event for step in app.queries.steps_about_people(5)]
    assert steps[0] == Event.FACTOR_ADDED
    assert not app.audit.verify().breaks
