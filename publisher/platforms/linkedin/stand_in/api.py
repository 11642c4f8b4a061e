"""Simulated REST API of LinkedIn: headers, authorisation, and dispatch of calls."""

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from publisher.platforms.linkedin.stand_in import (
    comments,
    errors,
    media,
    organizations,
    posts,
    statistics,
)
from publisher.platforms.linkedin.stand_in.errors import LinkedInError
from publisher.platforms.linkedin.stand_in.refusals import refusal
from publisher.platforms.linkedin.stand_in.tokens import Tokens
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.code_grants import CodeGrants, WrongGrant
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault

Handler = Callable[[Store, Call, SandboxAccount], Awaitable[Response]]

OLDEST_VERSION, NEWEST_VERSION = "202601", "202611"
"""The versions that are served (learn.microsoft.com/linkedin/marketing/versioning)."""
HANDLERS: dict[str, Handler] = {
    "createOrganizationPost": posts.create,
    "findOrganizationPosts": posts.find,
    "getOrganizationPost": posts.get,
    "updateOrganizationPost": posts.update,
    "deleteOrganizationPost": posts.delete,
    "initializeImageUpload": media.initialize_image,
    "uploadImage": media.upload_image,
    "getImage": media.get,
    "actOnVideo": media.act_on_video,
    "uploadVideoPart": media.upload_part,
    "getVideo": media.get,
    "initializeDocumentUpload": media.initialize_document,
    "uploadDocument": media.upload_document,
    "getDocument": media.get,
    "findShareStatistics": statistics.find,
    "findSocialComments": comments.find,
    "getSocialComment": comments.get,
    "deleteSocialComment": comments.delete,
    "getSocialMetadata": comments.count,
    "getOrganization": organizations.get,
    "findOrganizationAcls": organizations.roles,
}
_FINDERS = frozenset({"findOrganizationPosts", "findOrganizationAcls", "findShareStatistics"})
_PART = "uploadVideoPart"


class LinkedInApi:
    """The simulation of api.linkedin.com, and of www.linkedin.com as far as the API uses it."""

    def __init__(self, store: Store, *, limited: bool = True) -> None:
        del limited  # LinkedIn publishes no limits
        self.store = store
        self._tokens = Tokens(store)
        self._grants = CodeGrants("LinkedIn", self._pages, self._secret)

    def _pages(self, client: str) -> list[SandboxAccount]:
        """The pages of an app's organisation."""
        return [one for one in self.store.accounts if one.credentials.get("client_id") == client]

    def _secret(self, client: str) -> str | None:
        return next((one.credentials["client_secret"] for one in self._pages(client)), None)

    async def handle(self, call: Call) -> Response:
        """Answer a call; errors are answers too."""
        try:
            if call.operation.name in ("showAuthorizationPage", "givePermission"):
                return self._grants.browser(call)
            if call.operation.name == "exchangeCode":
                return self._token(call)
            if call.operation.name == "introspectToken":
                return organizations.introspect(self.store, call, self.claimed(call))
            if call.request.url.path.startswith("/rest/"):
                _check_headers(call)
                _check_path(call)
            account = self._authorise(call)
            return await HANDLERS[call.operation.name](self.store, call, account)
        except LinkedInError as error:
            return error.response()

    def _token(self, call: Call) -> Response:
        try:
            if call.form.get("grant_type") == "refresh_token":
                return JSONResponse(self._tokens.refreshed(call))
            return JSONResponse(self._tokens.first(call, self._grants.account(call)))
        except WrongGrant as reason:
            told = {"error": str(reason), "error_description": "Unable to retrieve access token"}
            return JSONResponse(told, 401)

    def _authorise(self, call: Call) -> SandboxAccount:
        account = self.claimed(call)
        if account is not None:
            return account
        has_token = bool(call.request.headers.get("authorization"))
        raise errors.unauthorised("INVALID_ACCESS_TOKEN" if has_token else "EMPTY_ACCESS_TOKEN")

    def claimed(self, call: Call) -> SandboxAccount | None:
        """The account of a call's token; of a video's part, that of the upload."""
        accounts = {one.name: one for one in self.store.accounts if one.channel == "linkedin"}
        if call.operation.name == _PART:
            target = self.store.uploads.get(f"urn:li:video:{call.parts['id']}")
            return accounts.get(target.account) if target else next(iter(accounts.values()), None)
        told = call.request.headers.get("authorization", "").removeprefix("Bearer ")
        return self._tokens.account(told or call.form.get("token"))

    def refusal(self, fault: "Fault", call: Call) -> Response:
        """The answer of LinkedIn for a fault."""
        del call
        headers = {"retry-after": "soon"} if fault.what is What.BAD_RESET else None
        return refusal(fault).response(headers)

    def unknown_path(self, path: str) -> Response:
        """Answer a request for which LinkedIn has no operation."""
        return LinkedInError(
            404, "RESOURCE_NOT_FOUND", f"No virtual resource found: {path}"
        ).response()


def _check_headers(call: Call) -> None:
    headers = call.request.headers
    version = headers.get("linkedin-version")
    if version is None:
        message = (
            "A version must be present. Please specify a version by adding the Linkedin-Version "
            "header."
        )
        raise LinkedInError(400, "VERSION_MISSING", message)
    if not (re.fullmatch(r"\d{6}", version) and OLDEST_VERSION <= version <= NEWEST_VERSION):
        raise errors.dead_version(version)
    if headers.get("x-restli-protocol-version") != "2.0.0":
        raise errors.invalid("X-Restli-Protocol-Version must be 2.0.0")
    if call.operation.name in _FINDERS and headers.get("x-restli-method") != "FINDER":
        raise errors.invalid("X-RestLi-Method must be FINDER")
    is_update = call.operation.name == "updateOrganizationPost"
    if is_update and headers.get("x-restli-method") != "PARTIAL_UPDATE":
        raise errors.invalid("X-RestLi-Method must be PARTIAL_UPDATE")


def _check_path(call: Call) -> None:
    """A URN in a path must be encoded (protocol version 2.0.0)."""
    if b":" in call.request.scope.get("raw_path", b""):
        raise errors.invalid("The key in the path is not encoded", "INVALID_URN_ID")
