"""Facebook as a simulated platform: its operations, accounts and faults."""

from typing import Any

from publisher.platforms.facebook.stand_in.api import FacebookApi
from publisher.platforms.facebook.stand_in.graph import app_id, graph_version
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.accounts import SandboxAccount, digest, invented
from publisher.sandbox.endpoints import Operation
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.platform import PlatformSpec
from publisher.settings.account_settings import AccountSettings


def _bare(path: str, _query: str) -> str:
    """The path without a version; Facebook's ids are the first part of a path, so any may be."""
    return graph_version(path)[1].rstrip("/")


def _invent(name: str, entry: AccountSettings) -> dict[str, Any]:
    credentials = {
        "page_token": "EAA" + invented(f"page token of {name}", 120),
        "app_secret": digest(f"facebook app of {entry.organisation or name}")[:32],
    }
    return {"page_id": entry.page_id, "credentials": credentials}


def _typed(account: SandboxAccount) -> dict[str, str]:
    return {"app_id": app_id(account), "app_secret": account.credentials["app_secret"]}


PLATFORM = PlatformSpec(
    name="facebook",
    title="Facebook",
    page="facebook",
    profile="Page",
    comment_id=lambda post_id, _author, own: f"{post_id.rpartition('_')[2]}_{own}",
    operations=(
        Operation("loginDialog", "facebook", "GET", "/dialog/oauth"),
        Operation("allowLogin", "facebook", "POST", "/dialog/oauth"),
        Operation("loginEnd", "facebook", "GET", "/connect/login_success.html"),
        Operation("createUserToken", "facebook", "POST", "/oauth/access_token"),
        Operation("getPages", "facebook", "GET", "/me/accounts"),
        Operation("getPortfolios", "facebook", "GET", "/me/businesses"),
        Operation("debugToken", "facebook", "GET", "/debug_token"),
        Operation("createFeedPost", "facebook", "POST", "/{page}/feed"),
        Operation("createPhoto", "facebook", "POST", "/{page}/photos"),
        Operation("createVideo", "facebook", "POST", "/{page}/videos"),
        Operation("createCaptions", "facebook", "POST", "/{id}/captions"),
        Operation("createComment", "facebook", "POST", "/{id}/comments"),
        Operation("getComments", "facebook", "GET", "/{id}/comments"),
        Operation("getFeed", "facebook", "GET", "/{page}/feed"),
        Operation("getPublishedPosts", "facebook", "GET", "/{page}/published_posts"),
        Operation("updatePost", "facebook", "POST", "/{id}"),
        Operation("deletePost", "facebook", "DELETE", "/{id}"),
        Operation("getObject", "facebook", "GET", "/{id}"),
        Operation("getObjects", "facebook", "GET", ""),
    ),
    bare=_bare,
    invent=_invent,
    open=FacebookApi,
    typed=_typed,
    afterwards={
        "": "Open the address, choose the Page, allow, and copy the whole address of the page that "
        "says Success."
    },
    faults=frozenset(
        {
            *FacebookFault,
            What.TOKEN_DEAD,
            What.PROCESSING_FAILED,
            What.COUNTS_REFUSED,
            What.COUNTS_GONE,
            What.EDIT_LATE,
        }
    ),
    takes_any_path=True,
)
