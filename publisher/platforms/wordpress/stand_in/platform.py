"""WordPress as a simulated platform: its operations, accounts and faults."""

from typing import Any

from publisher.platforms.wordpress.stand_in.api import WordPressApi
from publisher.platforms.wordpress.stand_in.refusals import WordPressFault
from publisher.sandbox.accounts import SandboxAccount, invented, number
from publisher.sandbox.endpoints import Operation
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.platform import PlatformSpec
from publisher.settings.account_settings import AccountSettings

_CHANNEL = "wordpress"
_ROOT = "/wp-json"


def _bare(path: str, _query: str) -> str | None:
    if path == "/wp-admin/authorize-application.php":
        return path
    return path.removeprefix(_ROOT) if path.startswith(f"{_ROOT}/") else None


def _invent(name: str, _entry: AccountSettings) -> dict[str, Any]:
    password = invented(f"application password of {name}", 24)
    credentials = {
        "user": f"publisher-{name}",
        "application_password": " ".join(password[n : n + 4] for n in range(0, 24, 4)),
        "server": f"https://{name}.example",
    }
    return {"user_id": number(f"user {name}"), "credentials": credentials}


def _typed(account: SandboxAccount) -> dict[str, str]:
    return {name: account.credentials[name] for name in ("server", "user")}


PLATFORM = PlatformSpec(
    name=_CHANNEL,
    title="WordPress",
    page="wordpress",
    profile="Site",
    operations=(
        Operation("showApproval", _CHANNEL, "GET", "/wp-admin/authorize-application.php"),
        Operation("giveApproval", _CHANNEL, "POST", "/wp-admin/authorize-application.php"),
        Operation(
            "introspectPassword",
            _CHANNEL,
            "GET",
            "/wp/v2/users/me/application-passwords/introspect",
        ),
        Operation(
            "deletePassword",
            _CHANNEL,
            "DELETE",
            "/wp/v2/users/me/application-passwords/{id}",
        ),
        Operation("createArticle", _CHANNEL, "POST", "/wp/v2/posts", success=201),
        Operation("listArticles", _CHANNEL, "GET", "/wp/v2/posts"),
        Operation("updateArticle", _CHANNEL, "POST", "/wp/v2/posts/{id}"),
        Operation("getArticle", _CHANNEL, "GET", "/wp/v2/posts/{id}"),
        Operation("deleteArticle", _CHANNEL, "DELETE", "/wp/v2/posts/{id}"),
        Operation("uploadAttachment", _CHANNEL, "POST", "/wp/v2/media", success=201),
        Operation("listAttachments", _CHANNEL, "GET", "/wp/v2/media"),
        Operation("getAttachment", _CHANNEL, "GET", "/wp/v2/media/{id}"),
        Operation("deleteAttachment", _CHANNEL, "DELETE", "/wp/v2/media/{id}"),
        Operation("listComments", _CHANNEL, "GET", "/wp/v2/comments"),
        Operation("getComment", _CHANNEL, "GET", "/wp/v2/comments/{id}"),
        Operation("updateComment", _CHANNEL, "POST", "/wp/v2/comments/{id}"),
        Operation("deleteComment", _CHANNEL, "DELETE", "/wp/v2/comments/{id}"),
        Operation("listCategories", _CHANNEL, "GET", "/wp/v2/categories"),
        Operation("listTags", _CHANNEL, "GET", "/wp/v2/tags"),
        Operation("listLanguages", _CHANNEL, "GET", "/pll/v1/languages"),
        Operation("getIndex", _CHANNEL, "GET", "/"),
        Operation("getSiteUser", _CHANNEL, "GET", "/wp/v2/users/me"),
    ),
    bare=_bare,
    invent=_invent,
    open=WordPressApi,
    typed=_typed,
    afterwards={"": "Open the address, choose the site, allow, and copy the password."},
    faults=frozenset({*WordPressFault, What.EDIT_LATE, What.COUNTS_REFUSED}),
)
