"""Connecting a page on LinkedIn: a person who manages it allows the app, and brings a code.

Source: LinkedIn's guide to the authorization code flow (2026).
"""

import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from publisher.base.errors import NotConnected
from publisher.base.i18n import _, later
from publisher.channels.connect import (
    Authorization,
    KeyField,
    Keys,
    check,
    code_in,
    told,
)
from publisher.channels.spec import ChannelOptions
from publisher.model.accounts import Owner
from publisher.model.clock_check import unheard
from publisher.platforms.linkedin import tokens
from publisher.platforms.linkedin.health import may_post_for, owner
from publisher.platforms.linkedin.rest import Rest
from publisher.platforms.linkedin.spec import SPEC

_SCOPES = (
    "w_organization_social r_organization_social rw_organization_admin "
    "r_organization_social_feed w_organization_social_feed"
)
"""All belong to the Community Management API, the one product that lets an app post for a page
(Increasing Access).
"""
RETURN = "http://localhost:8765/linkedin"
"""The address after the consent, which has to be among those of the app. Nothing answers there: the
person copies it, with the code, out of the browser."""


class LinkedInConnector:
    """Gets an access token of a person who manages the page."""

    fields = (
        KeyField(
            "client_id",
            later("Client ID"),
            later(
                "In developer.linkedin.com, under the app, Auth. Add http://localhost:8765/linkedin there "
                "to the redirect URLs first."
            ),
            is_secret=False,
            of_app=True,
        ),
        KeyField(
            "client_secret",
            later("Primary Client Secret"),
            later("Next to the Client ID."),
            of_app=True,
        ),
    )

    def __init__(self, options: ChannelOptions) -> None:
        self._options = options
        self._instead = options.servers.get(SPEC.name)

    def begin(self, typed: Mapping[str, str]) -> Authorization:
        """The address of LinkedIn's page for the consent."""
        app = {name: typed[name] for name in ("client_id", "client_secret")}
        state = secrets.token_urlsafe(24)
        query = urlencode(
            {
                "response_type": "code",
                "client_id": app["client_id"],
                "redirect_uri": RETURN,
                "state": state,
                "scope": _SCOPES,
            }
        )
        return Authorization(
            f"{self._instead or tokens.ADDRESS}/oauth/v2/authorization?{query}",
            later(
                "The whole address that the browser shows afterwards, even though no page opens "
                "there"
            ),
            kept={**app, "state": state},
        )

    def finish(self, authorization: Authorization, answer: str) -> tuple[Keys, ...]:
        """Exchange the code in the address for a token of 60 days, which may be renewable."""
        kept = authorization.kept
        app = {name: kept[name] for name in ("client_id", "client_secret")}
        wish = {
            **app,
            "grant_type": "authorization_code",
            "code": code_in(answer, kept["state"], "LinkedIn"),
            "redirect_uri": RETURN,
        }
        found = told(
            tokens.request(self._options, wish, app["client_secret"], wish["code"]),
            "LinkedIn",
            _("LinkedIn does not accept the consent"),
            _(
                "Check the app's keys, and whether {address} is among its redirect URLs; then "
                "connect the account again.",
                address=RETURN,
            ),
        )
        given = tokens.tokens_in(found, self._options.clock.now())
        if not given:
            raise NotConnected(
                _("LinkedIn gave no token."),
                hint=_("Nothing was stored. Try again in a while."),
            )
        return self._pages({**given, **app})

    def _pages(self, credentials: Mapping[str, str]) -> tuple[Keys, ...]:
        """The pages for which the person who gave the token may post."""
        answer = self._rest("", credentials).roles()
        check(answer, "LinkedIn", _("LinkedIn does not say which pages this person manages"), "")
        numbers = [urn.rpartition(":")[2] for urn in may_post_for(answer)]
        if not numbers:
            raise NotConnected(
                _("This person may not post on any page."),
                hint=_(
                    "Log in as an administrator or content administrator of the page, then connect "
                    "again."
                ),
            )
        return tuple(
            Keys(credentials, title=self._title(one, credentials), options={"organization_id": one})
            for one in dict.fromkeys(numbers)
        )

    def _title(self, number: str, credentials: Mapping[str, str]) -> str:
        found = owner(self._rest(number, credentials).organization())
        return f"{found.name} ({number})" if isinstance(found, Owner) else number

    def _rest(self, number: str, credentials: Mapping[str, str]) -> Rest:
        return Rest(
            number,
            credentials,
            api_url=self._instead,
            timeout=self._options.request_timeout,
            clock=self._options.clock,
            heard=unheard,
        )

    def revoke(self, credentials: Mapping[str, str]) -> str | None:
        """LinkedIn documents no way to end a token from outside."""
        del credentials
        return _(
            "LinkedIn does not let a token end itself. Remove the app in the settings of the "
            "person who allowed it, under Data privacy, Permitted services; its tokens end after "
            "60 days."
        )
