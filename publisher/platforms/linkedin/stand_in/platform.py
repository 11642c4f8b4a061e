"""LinkedIn as a simulated platform: its operations, accounts and faults."""

from typing import Any

from publisher.platforms.linkedin.stand_in import comments
from publisher.platforms.linkedin.stand_in.api import LinkedInApi
from publisher.platforms.linkedin.stand_in.refusals import LinkedInFault
from publisher.sandbox.accounts import SandboxAccount, invented
from publisher.sandbox.endpoints import Operation
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.platform import PlatformSpec
from publisher.settings.account_settings import AccountSettings

_PATHS = ("/rest/", "/dms-uploads/", "/oauth/v2/")


def _bare(path: str, _query: str) -> str | None:
    return path if path.startswith(_PATHS) else None


def _invent(name: str, entry: AccountSettings) -> dict[str, Any]:
    app = f"linkedin app of {entry.organisation or name}"
    credentials = {
        "access_token": "AQ" + invented(f"linkedin token of {name}", 120),
        "client_id": invented(f"id, {app}", 14),
        "client_secret": "WPL_AP1." + invented(f"secret, {app}", 16),
    }
    return {"page_id": entry.organization_id, "credentials": credentials}


def _typed(account: SandboxAccount) -> dict[str, str]:
    return {name: account.credentials[name] for name in ("client_id", "client_secret")}


def _operation(name: str, method: str, path: str, success: int = 200) -> Operation:
    return Operation(name, "linkedin", method, path, success)


PLATFORM = PlatformSpec(
    name="linkedin",
    title="LinkedIn",
    page="linkedin",
    profile="Organisation",
    operations=(
        _operation("createOrganizationPost", "POST", "/rest/posts", 201),
        _operation("findOrganizationPosts", "GET", "/rest/posts"),
        _operation("getOrganizationPost", "GET", "/rest/posts/{id}"),
        _operation("updateOrganizationPost", "POST", "/rest/posts/{id}", 204),
        _operation("deleteOrganizationPost", "DELETE", "/rest/posts/{id}", 204),
        _operation("initializeImageUpload", "POST", "/rest/images"),
        _operation("uploadImage", "PUT", "/dms-uploads/{id}/uploaded-image", 201),
        _operation("getImage", "GET", "/rest/images/{id}"),
        _operation("actOnVideo", "POST", "/rest/videos"),
        _operation("uploadVideoPart", "PUT", "/dms-uploads/{id}/part/{number}"),
        _operation("getVideo", "GET", "/rest/videos/{id}"),
        _operation("initializeDocumentUpload", "POST", "/rest/documents"),
        _operation("uploadDocument", "PUT", "/dms-uploads/{id}/ads-uploadedDocument", 201),
        _operation("getDocument", "GET", "/rest/documents/{id}"),
        _operation("findShareStatistics", "GET", "/rest/organizationalEntityShareStatistics"),
        _operation("findSocialComments", "GET", "/rest/socialActions/{id}/comments"),
        _operation("getSocialComment", "GET", "/rest/socialActions/{id}/comments/{number}"),
        _operation(
            "deleteSocialComment", "DELETE", "/rest/socialActions/{id}/comments/{number}", 204
        ),
        _operation("getSocialMetadata", "GET", "/rest/socialMetadata/{id}"),
        _operation("getOrganization", "GET", "/rest/organizations/{id}"),
        _operation("findOrganizationAcls", "GET", "/rest/organizationAcls"),
        _operation("showAuthorizationPage", "GET", "/oauth/v2/authorization"),
        _operation("givePermission", "POST", "/oauth/v2/authorization"),
        _operation("exchangeCode", "POST", "/oauth/v2/accessToken"),
        _operation("introspectToken", "POST", "/oauth/v2/introspectToken"),
    ),
    bare=_bare,
    invent=_invent,
    comment_id=comments.urn,
    open=LinkedInApi,
    typed=_typed,
    afterwards={
        "": "Open the address, choose the page, allow. The browser then finds no page: copy the "
        "whole address that it shows."
    },
    faults=frozenset(
        {
            *LinkedInFault,
            What.NOT_FOUND,
            What.PROCESSING_FAILED,
            What.EDIT_LATE,
            What.COUNTS_REFUSED,
            What.COUNTS_GONE,
        }
    ),
)
