"""Simulated REST API of WordPress 6.8: authorisation, and dispatch of calls.

Each account has a site of its own, where it is the only author.
"""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from publisher.platforms.wordpress.stand_in import articles, attachments, comments
from publisher.platforms.wordpress.stand_in.passwords import BROWSER, OF_PASSWORDS, Passwords
from publisher.platforms.wordpress.stand_in.refusals import RestError, not_logged_in, refusal
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.profiles import profile_of
from publisher.sandbox.store import Store

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault

_BODY = 131_072
"""Bytes of a request without a file; ModSecurity's own SecRequestBodyNoFilesLimit."""
_TOO_LARGE = "<html><head><title>413 Request Entity Too Large</title></head></html>"

Handler = Callable[[Store, Call, SandboxAccount], Awaitable[Any]]

_AUTHOR = (
    "delete_posts",
    "delete_published_posts",
    "edit_posts",
    "edit_published_posts",
    "publish_posts",
    "read",
    "upload_files",
)
CATEGORIES = ("Uncategorized", "News &amp; events", "Actualités", "Noticias", "Aktualności")
"""As WordPress writes them, with HTML's entities; their ids are counted from 1."""


TAGS = ("Droits des enfants", "Éducation", "HRC31")
"""The same; counted from 101."""


async def _categories(_store: Store, call: Call, _account: SandboxAccount) -> Any:
    return _terms(call, CATEGORIES, 1)


async def _tags(_store: Store, call: Call, _account: SandboxAccount) -> Any:
    return _terms(call, TAGS, 101)


def _terms(call: Call, names: Sequence[str], first: int) -> Any:
    if call.query.get("page", "1") != "1":
        return []
    return [{"id": number, "name": name} for number, name in enumerate(names, first)]


async def _languages(_store: Store, _call: Call, _account: SandboxAccount) -> Any:
    return [{"slug": side} for side in articles.SIDES]


async def _index(_store: Store, _call: Call, _account: SandboxAccount) -> Any:
    """The description of the API."""
    return {"namespaces": ["oembed/1.0", "pll/v1", "wp/v2", "wp-site-health/v1"]}


async def _user(_store: Store, call: Call, account: SandboxAccount) -> Any:
    profile = profile_of(call, account)
    return {
        "id": int(account.user_id or 0),
        "name": profile.name,
        "slug": profile.handle,
        "username": account.credentials["user"],
        "capabilities": dict.fromkeys(_AUTHOR, True),
        "avatar_urls": {"96": profile.picture} if profile.picture else {},
    }


HANDLERS: dict[str, Handler] = {
    "createArticle": articles.create,
    "listArticles": articles.listed,
    "updateArticle": articles.update,
    "getArticle": articles.get,
    "deleteArticle": articles.delete,
    "uploadAttachment": attachments.upload,
    "listAttachments": attachments.listed,
    "getAttachment": attachments.get,
    "deleteAttachment": attachments.delete,
    "listComments": comments.listed,
    "getComment": comments.get,
    "updateComment": comments.update,
    "deleteComment": comments.delete,
    "listCategories": _categories,
    "listTags": _tags,
    "listLanguages": _languages,
    "getIndex": _index,
    "getSiteUser": _user,
}


class WordPressApi:
    """The simulation of `/wp-json/` on all sites."""

    def __init__(self, store: Store, *, limited: bool = True) -> None:
        del limited  # WordPress has no limits of its own
        self.store = store
        self._passwords = Passwords(store)

    async def handle(self, call: Call) -> Response:
        """Answer a call; errors are answers too."""
        if call.operation.name in BROWSER:
            return self._passwords.browser(call)
        if len(call.body) > _BODY and call.content_type == "application/json":
            return HTMLResponse(_TOO_LARGE, 413)
        try:
            account = self.claimed(call)
            if account is None or account.name in self._passwords.deleted:
                raise not_logged_in()
            if call.operation.name in OF_PASSWORDS:
                return self._passwords.handle(call, account)
            body = await HANDLERS[call.operation.name](self.store, call, account)
            return JSONResponse(
                _shortened(body, call), call.operation.success, headers=call.headers
            )
        except RestError as error:
            return error.response(call.headers)

    def claimed(self, call: Call) -> SandboxAccount | None:
        """The account of a call's user and application password."""
        scheme, _, told = call.request.headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(told, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        user, _, password = pair.partition(":")
        if scheme.lower() != "basic":
            return None
        for account in self.store.accounts:
            if account.channel == "wordpress" and account.credentials["user"] == user:
                right = account.credentials["application_password"]
                is_right = hmac.compare_digest(_plain(right), _plain(password))
                return account if is_right else None
        return None

    def refusal(self, fault: "Fault", call: Call) -> Response:
        """The answer of WordPress for a fault."""
        del call
        return refusal(fault)

    def unknown_path(self, path: str) -> Response:
        """Answer a request for which the API has no route."""
        del path
        message = "No route was found matching the URL and request method."
        return RestError(404, "rest_no_route", message).response()


def _plain(password: str) -> bytes:
    """WordPress shows application passwords with spaces, and takes them without."""
    return "".join(filter(str.isalnum, password)).encode()


def _shortened(body: Any, call: Call) -> Any:
    """Only the `_fields` that the call asked for."""
    names = call.query.get("_fields")
    if names is None:
        return body
    wanted = names.split(",")
    if isinstance(body, list):
        return [{name: one[name] for name in wanted if name in one} for one in body]
    return {name: body[name] for name in wanted if name in body}
