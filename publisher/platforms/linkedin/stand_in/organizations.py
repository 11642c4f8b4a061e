"""Organisations, roles and tokens of the simulated LinkedIn.

Sources: Organization Lookup API, Organization Access Control, OAuth token introspection.
"""

from typing import Any

from starlette.responses import JSONResponse, Response

from publisher.platforms.linkedin.stand_in.errors import invalid, not_found
from publisher.platforms.linkedin.stand_in.media import LOGO, author
from publisher.platforms.linkedin.stand_in.refusals import LinkedInFault
from publisher.platforms.linkedin.stand_in.tokens import LIFE
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.profiles import profile_of
from publisher.sandbox.store import Store

SCOPES = (
    "r_organization_social",
    "r_organization_social_feed",
    "rw_organization_admin",
    "w_organization_social",
    "w_organization_social_feed",
)


async def get(_store: Store, call: Call, account: SandboxAccount) -> Response:
    if call.parts["id"] != account.page_id:
        raise not_found(f"organization {call.parts['id']}")
    profile = profile_of(call, account)
    body: dict[str, Any] = {
        "id": int(account.page_id or 0),
        "localizedName": profile.name,
        "vanityName": profile.handle,
    }
    if profile.picture:
        logo = LOGO.replace("image", "digitalmediaAsset") + account.name
        body["logoV2"] = {"cropped": logo, "original": logo}
    return JSONResponse(body)


async def roles(_store: Store, call: Call, account: SandboxAccount) -> Response:
    if call.query.get("q") != "roleAssignee":
        raise invalid("The finder must be `roleAssignee`")
    role = {
        "organization": author(account),
        "role": "ADMINISTRATOR",
        "roleAssignee": "urn:li:person:A1",
        "state": "APPROVED",
    }
    return JSONResponse({"elements": [role], "paging": {"start": 0, "count": 10, "links": []}})


def introspect(store: Store, call: Call, owner: SandboxAccount | None) -> Response:
    """Answer `introspectToken`, with the app's own credentials alone; `owner` of the token."""
    app = [
        account
        for account in store.accounts
        if account.channel == "linkedin"
        and account.credentials["client_id"] == call.form.get("client_id")
        and account.credentials["client_secret"] == call.form.get("client_secret")
    ]
    if not app:
        return JSONResponse({"error": "invalid_client"}, 401)
    if owner not in app:
        return JSONResponse({"active": False})
    now = int(store.clock.now().timestamp())
    return JSONResponse(
        {
            "active": True,
            "client_id": call.form.get("client_id"),
            "created_at": now,
            "authorized_at": now,
            "expires_at": now + LIFE,
            "status": "active",
            "scope": ",".join(
                one
                for one in SCOPES
                if not (one.endswith("_feed") and call.changed(LinkedInFault.NO_FEED))
            ),
            "auth_type": "3L",
        }
    )
