"""Connecting an account on X by OAuth 2.0 with PKCE, and renewing its tokens.

docs.x.com, OAuth 2.0 Authorization Code Flow with PKCE, and X's OpenAPI description 2.167 (scopes):
an access token lives for two hours, and a refresh token works once.
"""

import base64
import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from publisher.base.errors import NotConnected
from publisher.base.i18n import _, later
from publisher.channels.answers import mapping, parsed, whole
from publisher.channels.connect import (
    Authorization,
    KeyField,
    Keys,
    check,
    code_in,
    pasted,
    text,
    told,
)
from publisher.channels.http.recorder import Recorder
from publisher.channels.renewal import ENDS, renewed
from publisher.channels.spec import ChannelOptions
from publisher.model.outcomes import Answer
from publisher.platforms.twitter.spec import ADDRESS, SPEC

_CONSENT = "https://x.com/i/oauth2/authorize"
SCOPES = (
    "tweet.read", "tweet.write", "tweet.moderate.write", "users.read", "media.write",
    "offline.access",
)  # fmt: skip
"""To post, read back, hide replies, upload, and to get a refresh token."""
RETURN = "http://127.0.0.1:8765/x"
"""The address after the consent, which has to be among those of the app; X takes no `localhost`.
Nothing answers there: the person copies it, with the code, out of the browser."""
_LONGEST = timedelta(days=90)
_DEFAULT = timedelta(hours=2)


class TwitterOAuth2Connector:
    """Gets tokens of an account on X for a confidential or a public client."""

    fields = (
        KeyField(
            "client_id",
            later("Client ID"),
            later(
                "In console.x.com, under the app, OAuth 2.0. Add http://127.0.0.1:8765/x to its callback "
                "addresses first."
            ),
            is_secret=False,
            of_app=True,
        ),
        KeyField(
            "client_secret",
            later("Client Secret"),
            later(
                "Next to the Client ID; X shows it once. An app of the type Native App has none."
            ),
            required=False,
            of_app=True,
        ),
    )

    def __init__(self, options: ChannelOptions) -> None:
        self._options = options

    def begin(self, typed: Mapping[str, str]) -> Authorization:
        """The address of X's page for the consent."""
        app = {name: typed[name] for name in ("client_id", "client_secret") if typed.get(name)}
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        query = urlencode(
            {
                "response_type": "code",
                "client_id": app["client_id"],
                "redirect_uri": RETURN,
                "scope": " ".join(SCOPES),
                "state": state,
                "code_challenge": challenge(verifier),
                "code_challenge_method": "S256",
            }
        )
        instead = self._options.servers.get(SPEC.name)
        page = f"{instead}/i/oauth2/authorize" if instead else _CONSENT
        return Authorization(
            f"{page}?{query}",
            later(
                "The whole address that the browser shows afterwards, even though no page opens "
                "there"
            ),
            kept={**app, "state": state, "verifier": verifier},
        )

    def finish(self, authorization: Authorization, answer: str) -> tuple[Keys, ...]:
        """Exchange the code in the address for tokens that may do what is needed."""
        kept = authorization.kept
        app = {name: kept[name] for name in ("client_id", "client_secret") if name in kept}
        code = code_in(pasted(answer), kept["state"], "X")
        wish = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": RETURN,
            "code_verifier": kept["verifier"],
        }
        found = told(
            _ask(self._options, "token", app, wish, code, kept["verifier"]),
            "X",
            _("X does not accept the consent"),
            _(
                "A code works once, and for a short time. Check the app's keys, and whether "
                "{address} is among its callback addresses; then connect the account again.",
                address=RETURN,
            ),
        )
        given = text(found, "scope").split()
        if missing := [scope for scope in SCOPES if scope not in given]:
            raise NotConnected(
                _(
                    "The access that was allowed lacks {permissions}.",
                    permissions=", ".join(missing),
                ),
                hint=_(
                    "Let the app read and write in console.x.com, under user authentication, and "
                    "connect the account again."
                ),
            )
        tokens = _tokens(found, self._options.clock.now())
        if tokens is None:
            raise NotConnected(
                _("X gave no token."), hint=_("Nothing was stored. Try again in a while.")
            )
        return (Keys({**app, **tokens}, owner_in="user_id"),)

    def revoke(self, credentials: Mapping[str, str]) -> str | None:
        """Make both tokens invalid."""
        revoke(self._options, credentials)
        return None


def challenge(verifier: str) -> str:
    """What is shown before the verifier is (RFC 7636, S256)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def renew(credentials: Mapping[str, str], options: ChannelOptions) -> Mapping[str, str]:
    """Exchange the refresh token for new tokens. Raises NotRenewed."""
    token = credentials["refresh_token"]
    answer = _ask(
        options,
        "token",
        credentials,
        {"grant_type": "refresh_token", "refresh_token": token},
        token,
    )
    tokens = _tokens(mapping(parsed(answer.body)), options.clock.now())
    return renewed(answer, "X", tokens, spends=True)


def revoke(options: ChannelOptions, credentials: Mapping[str, str]) -> None:
    """End both tokens of an account at X. Raises NotConnected."""
    for name in ("refresh_token", "access_token"):
        token = credentials.get(name, "")
        answer = _ask(
            options, "revoke", credentials, {"token": token, "token_type_hint": name}, token
        )
        is_known = answer.status not in (400, 401) or _names(answer, ("unauthorized_client",))
        if is_known:
            check(
                answer,
                "X",
                _("X did not end the access"),
                _("Remove the app in the account's settings on X, under Apps and sessions."),
            )


def _names(answer: Answer, errors: Collection[str]) -> bool:
    return mapping(parsed(answer.body)).get("error") in errors


def _tokens(found: Mapping[str, Any], now: datetime) -> dict[str, str] | None:
    """The tokens in an answer, and when they end; None if one is missing."""
    access, refresh = text(found, "access_token"), text(found, "refresh_token")
    if not (access and refresh):
        return None
    seconds = whole(found.get("expires_in"))
    lasts = min(timedelta(seconds=min(seconds, 10**8)), _LONGEST) if seconds else _DEFAULT
    return {
        "access_token": access,
        "refresh_token": refresh,
        ENDS: (now + lasts).isoformat(timespec="seconds"),
    }


def _ask(
    options: ChannelOptions,
    endpoint: str,
    app: Mapping[str, str],
    wish: Mapping[str, str],
    *spent: str,
) -> Answer:
    """Ask the authorization server; `spent` are the secrets of this request.

    A confidential client names itself in the header, a public one in the form.
    """
    client, secret = app["client_id"], app.get("client_secret", "")
    recorder = Recorder(
        ADDRESS,
        base_url=options.servers.get(SPEC.name),
        timeout=options.request_timeout,
        clock=options.clock,
        secrets=[secret, *spent],
    )
    form = dict(wish) if secret else {**wish, "client_id": client}
    auth = (client, secret) if secret else None
    url = f"{ADDRESS}/2/oauth2/{endpoint}"
    return recorder.call(lambda: recorder.session.post(url, data=form, auth=auth))
