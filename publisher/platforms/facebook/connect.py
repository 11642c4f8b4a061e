"""Connecting a Page: by a person's login or a system user's token, and the choice of the Page.

Sources: Meta's guides to the manual login flow, long-lived tokens and Page access tokens (2026).
`me/accounts` leaves out Pages that a person or system user has through a business portfolio; they
are among the portfolio's own and its clients' Pages, for which `business_management` is needed, and
any Page answers by its number (seen: trypost 301, getopenpost 216).
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from publisher.base.errors import NotConnected
from publisher.base.i18n import _, later
from publisher.channels.answers import identifier, mapping, numeral, parsed
from publisher.channels.connect import Authorization, KeyField, Keys, code_in, text, told
from publisher.channels.http.recorder import Recorder
from publisher.channels.spec import ChannelOptions
from publisher.platforms.facebook.graph import GRAPH_VERSION, proof
from publisher.platforms.facebook.spec import ADDRESS, SPEC

_NEEDED = ("pages_manage_posts", "pages_read_engagement")
"""The permissions without which no post goes out, or is read."""
_SCOPES = (*_NEEDED, "pages_show_list", "business_management")
_DIALOG = "https://www.facebook.com"
_RETURN = "https://www.facebook.com/connect/login_success.html"
"""Meta's own page at the end of a login without a website; its address holds the code."""
_MOST_PAGES = 100
_PAGE = "id,name,access_token"
_OF_PORTFOLIO = ",".join(
    f"{edge}.limit({_MOST_PAGES}){{{_PAGE}}}" for edge in ("owned_pages", "client_pages")
)
_FIELDS = (
    KeyField(
        "app_id",
        later("App ID"),
        later("In developers.facebook.com, at the top of the app's page."),
        is_secret=False,
        of_app=True,
    ),
    KeyField(
        "app_secret",
        later("App secret"),
        later("In the app's settings, under Basic."),
        of_app=True,
    ),
    KeyField(
        "user_token",
        later("Token of a system user"),
        later(
            "From the business settings. Leave it empty to log in as a person instead. If "
            "Facebook then says Invalid Scopes, add the permission business_management to the "
            "app."
        ),
        required=False,
    ),
    KeyField(
        "page_id",
        later("Number of the Page"),
        later(
            "On the Page, under About, Page transparency. Leave it empty to choose among the "
            "Pages of the login."
        ),
        is_secret=False,
        required=False,
    ),
)


class FacebookConnector:
    """Gets the tokens of Pages."""

    fields = _FIELDS

    def __init__(self, options: ChannelOptions) -> None:
        self._options = options
        self._server = options.servers.get(SPEC.name)

    def begin(self, typed: Mapping[str, str]) -> Authorization | tuple[Keys, ...]:
        """The address of Facebook's login; with a system user's token, its Pages."""
        app = {name: typed[name] for name in ("app_id", "app_secret")}
        page_id = typed.get("page_id", "")
        if page_id and not numeral(page_id):
            raise NotConnected(
                _("The number of a Page has only digits."),
                hint=_("It is on the Page, under About, Page transparency."),
            )
        if token := typed.get("user_token"):
            return self._pages(app, token, page_id)
        state = secrets.token_urlsafe(24)
        query = urlencode(
            {
                "client_id": app["app_id"],
                "redirect_uri": _RETURN,
                "state": state,
                "response_type": "code",
                "scope": ",".join(_SCOPES),
            }
        )
        return Authorization(
            f"{self._server or _DIALOG}/{GRAPH_VERSION}/dialog/oauth?{query}",
            later("The whole address that the browser shows after the login"),
            kept={**app, "state": state, "page_id": page_id},
        )

    def finish(self, authorization: Authorization, answer: str) -> tuple[Keys, ...]:
        """Exchange the code in the address for a token that lives long, and list its Pages."""
        kept = authorization.kept
        app = {name: kept[name] for name in ("app_id", "app_secret")}
        code = code_in(answer, kept["state"], "Facebook")
        short = self._token(app, code=code, redirect_uri=_RETURN)
        long = self._token(app, grant_type="fb_exchange_token", fb_exchange_token=short)
        return self._pages(app, long, kept["page_id"])

    def revoke(self, credentials: Mapping[str, str]) -> str | None:
        """A Page's token cannot end itself: the person who made it removes the app."""
        del credentials
        return _(
            "Facebook does not let a token end itself. Remove the app in the Page's settings, or "
            "in the settings of the person who logged in, under Business integrations; for a "
            "system user, revoke the tokens in the business settings."
        )

    def _token(self, app: Mapping[str, str], **wish: str) -> str:
        asked = {"client_id": app["app_id"], "client_secret": app["app_secret"], **wish}
        found = told(
            self._call("POST", "oauth/access_token", asked, [app["app_secret"], *wish.values()]),
            "Facebook",
            _("Facebook does not accept the login"),
            _("The address works once, for a few minutes. Connect the account again."),
        )
        token = text(found, "access_token")
        if not token:
            raise NotConnected(
                _("Facebook gave no token."), hint=_("Nothing was stored. Try again in a while.")
            )
        return token

    def _pages(self, app: Mapping[str, str], token: str, page_id: str) -> tuple[Keys, ...]:
        """The Pages of a person or system user, with those of their portfolios, and `page_id`."""
        hidden = [app["app_secret"], token]
        wish = {"access_token": token, **proof(token, app["app_secret"])}
        listed = {"limit": str(_MOST_PAGES), **wish}
        found = told(
            self._call("GET", "me/accounts", {"fields": _PAGE, **listed}, hidden),
            "Facebook",
            _("Facebook does not accept the token"),
            _("Make a new one, with the permissions {names}.", names=", ".join(_SCOPES)),
        )
        nodes = _nodes(found)
        # Without the permission, or without a portfolio, it is refused.
        answer = self._call("GET", "me/businesses", {"fields": _OF_PORTFOLIO, **listed}, hidden)
        for portfolio in _nodes(mapping(parsed(answer.body))):
            nodes += _nodes(portfolio.get("owned_pages")) + _nodes(portfolio.get("client_pages"))
        if page_id and all(node.get("id") != page_id for node in nodes):
            answer = self._call("GET", page_id, {"fields": _PAGE, **wish}, hidden)
            nodes.append(mapping(parsed(answer.body)))
        usable = {keys.options["page_id"]: keys for node in nodes if (keys := _keys(node, app))}
        chosen = [keys for keys in usable.values() if page_id in ("", keys.options["page_id"])]
        self._require_permissions(app, token, _NEEDED if chosen else _SCOPES)
        if not chosen:  # no other Page instead: posts would go out in another's name
            message = _("Facebook lists no Page that this login may post to.")
            if usable:
                message = _(
                    "Facebook does not list the Page {number} for this login.", number=page_id
                )
            raise NotConnected(
                message,
                hint=_(
                    "Connect again, and choose the Page where Facebook asks which Pages the app "
                    "may use, or type its number. You need full control of the Page, or "
                    "permission to create content on it."
                ),
            )
        return tuple(chosen)

    def _require_permissions(
        self, app: Mapping[str, str], token: str, needed: Sequence[str]
    ) -> None:
        """Raise `NotConnected` if Facebook says which permissions a token has, and some lack."""
        of_app = f"{app['app_id']}|{app['app_secret']}"
        wish = {"input_token": token, "access_token": of_app}
        answer = self._call("GET", "debug_token", wish, [app["app_secret"], token, of_app])
        given = mapping(mapping(parsed(answer.body)).get("data")).get("scopes")
        missing = [one for one in needed if one not in given] if isinstance(given, list) else []
        if missing:
            raise NotConnected(
                _("The login lacks the permission {names}.", names=", ".join(missing)),
                hint=_(
                    "Add it to the app, under its use cases, and allow it when you connect "
                    "again. For a system user, make a new token with it. `publisher help "
                    "credentials` shows where."
                ),
            )

    def _call(self, method: str, path: str, wish: dict[str, str], hidden: list[str]) -> Any:
        recorder = Recorder(
            ADDRESS,
            base_url=self._server,
            timeout=self._options.request_timeout,
            clock=self._options.clock,
            secrets=hidden,
        )
        place = {"params" if method == "GET" else "data": wish}
        url = f"{ADDRESS}/{GRAPH_VERSION}/{path}"
        # mypy: `place` holds one of two keywords
        return recorder.call(lambda: recorder.session.request(method, url, **place))  # type: ignore[arg-type]


def _nodes(listed: Any) -> list[dict[str, Any]]:
    """What a list of the Graph API shows; empty if it is none."""
    found = mapping(listed).get("data")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _keys(page: Mapping[str, Any], app: Mapping[str, str]) -> Keys | None:
    page_id, token = identifier(page.get("id")), page.get("access_token")
    if not page_id or not isinstance(token, str) or not token:
        return None
    name = page.get("name")
    return Keys(
        {"page_token": token, "app_secret": app["app_secret"]},
        title=f"{name} ({page_id})" if isinstance(name, str) and name else page_id,
        options={"page_id": page_id},
    )
