"""URLs of a post's pages, whatever its file is called."""

import os.path
from urllib.parse import quote

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from publisher.web.dependencies import Parts


def of_post(post: str, room: str = "") -> str:
    """The path of a post's page, or of a subpage such as `edit`."""
    path = f"/posts/{quote(post)}"
    return f"{path}/{room}" if room else path


class PostRoute(APIRoute):
    """Route of a post's subpage, `/posts/ID/edit`: unless only a post of that whole name exists."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        if match is Match.NONE:
            return match, found
        parts: Parts = scope["app"].state.parts
        post, name = found["path_params"]["post"], self.path.rpartition("/")[2]
        if _has_draft(parts, f"{post}/{name}") and not _has_draft(parts, post):
            return Match.NONE, {}
        return match, found


def _has_draft(parts: Parts, post: str) -> bool:
    return os.path.isfile(parts.app.settings.posts / f"{post}.md")  # noqa: PTH113 - it raises nothing
