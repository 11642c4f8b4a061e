"""REST API client: requests to one WordPress site. Source: WordPress' REST API handbook.

They go to `/wp-json/…`, or to `/?rest_route=…` where an address ends with that: so answers a site
without pretty permalinks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from publisher.base.clock import Clock
from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.channels.http.recorder import Recorder
from publisher.channels.http.server_address import server_address
from publisher.channels.outgoing import Request
from publisher.model.clock_check import Heard
from publisher.model.content import Picture
from publisher.model.outcomes import Answer
from publisher.platforms.wordpress.article import as_html

FIELDS = "id,status,link,date_gmt,slug,lang"
"""What is asked for with every request about a post, so that no second one is needed; `lang` is
Polylang's.
"""
WRITTEN = f"{FIELDS},title,content"
"""The same, with what a post says."""
COMMENT = "id,post,author,author_name,date_gmt,content,link,status"
"""What is asked for of a comment."""
PLAIN = "?rest_route=/"
"""What the address of a site without pretty permalinks ends with."""
LISTED = 100
"""Items in one list; WordPress returns no more (handbook, pagination)."""
_LONG_UPLOAD = 5
"""How many times the usual time an upload may take: a video goes in one request."""
_EVERY_SIDE = {"wpml_language": "all"}
"""What lists are asked with: WPML lists what is in the site's first language otherwise."""
_SUFFIXES = 5
"""WordPress adds -2, -3 … to a slug that is taken."""


class SiteApi:
    """Requests to one site, each by one method. Used by one thread at a time."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        *,
        instead: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard,
        public_only: bool,
    ) -> None:
        """`instead`: another server to send all requests to, such as the sandbox.
        `public_only`: as `Recorder`.

        Raises ConfigurationError for a `server` that is not usable.
        """
        self.address, self.is_plain = address_of(credentials["server"])
        password = credentials["application_password"]

        def recorder(times: int = 1) -> Recorder:
            made = Recorder(
                self.address,
                base_url=instead,
                timeout=timeout * times,
                clock=clock,
                secrets=[password, "".join(password.split())],
                heard=heard,
                public_only=public_only,
            )
            user = credentials["user"].encode()
            made.session.auth = (user, password.encode())  # type: ignore[assignment]
            made.session.headers["User-Agent"] = "Publisher"
            return made

        self._recorder, self._uploads = recorder(), recorder(_LONG_UPLOAD)

    @property
    def place(self) -> str:
        """The site without its scheme, such as `example.org/blog`: its users have ids of their
        own.
        """
        parts = urlsplit(self.address)
        return f"{parts.netloc.lower()}{parts.path}"

    def create(self, fields: Mapping[str, Any], language: Mapping[str, str]) -> Answer:
        """Create a draft; its `date` floats until it is published.

        `language` is what `SiteLanguages.query` says, here and below.
        """
        return self._post("/wp/v2/posts", {**fields, "status": "draft"}, language)

    def update(
        self, post_id: str, fields: Mapping[str, Any], language: Mapping[str, str]
    ) -> Answer:
        """Change a post, whose status stays."""
        return self._post(f"/wp/v2/posts/{post_id}", fields, language)

    def hide(self, post_id: str) -> Answer:
        """Make a draft of a post, which nobody sees then."""
        return self._post(f"/wp/v2/posts/{post_id}", {"status": "draft"})

    def publication(self, post_id: str) -> Request:
        """Build the request that makes a post public; it may be public already."""
        url = self._url(f"/wp/v2/posts/{post_id}", _fields=FIELDS)
        body = {"status": "publish"}
        return self._recorder.built(lambda: self._recorder.session.post(url, json=body))

    def edit(self, post_id: str, fields: Mapping[str, Any]) -> Request:
        """Build the request that changes fields of a public post, whose status stays."""
        url = self._url(f"/wp/v2/posts/{post_id}", _fields=WRITTEN)
        body = dict(fields)
        return self._recorder.built(lambda: self._recorder.session.post(url, json=body))

    def written(self, post_id: str) -> Answer:
        """Read a post as it was written: its title, and its blocks."""
        return self._get(f"/wp/v2/posts/{post_id}", context="edit", _fields=WRITTEN)

    def upload(
        self, picture: Picture, content: bytes, post_id: str, language: Mapping[str, str]
    ) -> Answer:
        """Upload a picture, GIF, video or document with its texts, attached to a post.

        WordPress lists an attachment publicly, unless its post is not public. Its file is public
        under its name, so that is one that nobody can guess.
        """
        kind = picture.media_type.partition("/")[2].replace("jpeg", "jpg")
        form = {
            "post": post_id,
            # WordPress removes what looks like a tag.
            "alt_text": "" if picture.is_document else as_html(picture.alt),
            "caption": as_html(f"© {picture.credit}" if picture.credit else ""),
        }
        files = {"file": (f"{picture.digest}.{kind}", content, picture.media_type)}
        url = self._url("/wp/v2/media", _fields="id,source_url", **language)
        return self._uploads.call(lambda: self._uploads.session.post(url, data=form, files=files))

    def delete(self, kind: str, object_id: str) -> Answer:
        """Delete a post, a picture or a comment (`posts`, `media`, `comments`) for good."""
        url = self._url(f"/wp/v2/{kind}/{object_id}", force="true")
        return self._recorder.call(lambda: self._recorder.session.delete(url))

    def get(self, kind: str, object_id: str) -> Answer:
        """Read a post or a picture, which need not be public."""
        fields = FIELDS if kind == "posts" else "id"
        return self._get(f"/wp/v2/{kind}/{object_id}", context="edit", _fields=fields)

    def called(self, slug: str) -> Answer:
        """List the posts with this slug, also with the numbers that WordPress adds; drafts too."""
        slugs = [slug, *(f"{slug}-{number}" for number in range(2, 2 + _SUFFIXES))]
        return self._get(
            "/wp/v2/posts", slug=",".join(slugs), status="any", context="edit", _fields=FIELDS,
            per_page=LISTED, **_EVERY_SIDE,
        )  # fmt: skip

    def attached(self, post_id: str) -> Answer:
        """List what is attached to a post."""
        return self._get(
            "/wp/v2/media", parent=post_id, context="edit", _fields="id,source_url",
            per_page=LISTED, **_EVERY_SIDE,
        )  # fmt: skip

    def public(self, post_ids: Sequence[str]) -> Answer:
        """List those of these posts that are public."""
        return self._get(
            "/wp/v2/posts", include=",".join(post_ids), _fields="id", per_page=LISTED, **_EVERY_SIDE
        )

    def comments(self, post_ids: Sequence[str], page: int) -> Answer:
        """List the approved comments on some posts, a page of them: only whose they are."""
        return self._get(
            "/wp/v2/comments", post=",".join(post_ids), _fields="id,post", per_page=LISTED, page=page,
            orderby="id", order="asc", **_EVERY_SIDE,
        )  # fmt: skip

    def reader_comments(
        self, post_id: str, after: datetime | None, skip: int, limit: int
    ) -> Answer:
        """List the comments on a post, the oldest first; those that wait for approval too.

        Without those in the trash, and what counts as spam. Only those after an instant, and of
        these not the first `skip`.
        """
        since = {"after": after.isoformat(timespec="seconds")} if after else {}
        return self._get(
            "/wp/v2/comments", post=post_id, status="all", _fields=COMMENT, per_page=limit,
            offset=skip, orderby="date_gmt", order="asc", **since, **_EVERY_SIDE,
        )  # fmt: skip

    def existing_comments(self, comment_ids: Sequence[str]) -> Answer:
        """List those of some comments that are public or wait for approval."""
        return self._get(
            "/wp/v2/comments", include=",".join(comment_ids), status="all", _fields="id",
            per_page=LISTED, **_EVERY_SIDE,
        )  # fmt: skip

    def reader_comment(self, comment_id: str) -> Answer:
        """Read a comment, which need not be public."""
        return self._get(f"/wp/v2/comments/{comment_id}", _fields=COMMENT)

    def hold(self, comment_id: str) -> Answer:
        """Take the approval of a comment back: it waits for one again."""
        url = self._url(f"/wp/v2/comments/{comment_id}", _fields=COMMENT)
        return self._recorder.call(
            lambda: self._recorder.session.post(url, json={"status": "hold"})
        )

    def trash(self, comment_id: str) -> Answer:
        """Put a comment into the trash, which a site may not have."""
        url = self._url(f"/wp/v2/comments/{comment_id}")
        return self._recorder.call(lambda: self._recorder.session.delete(url))

    def terms(self, kind: str, page: int) -> Answer:
        """List the site's `categories` or `tags`, a page of them, the most used ones first."""
        return self._get(
            f"/wp/v2/{kind}", per_page=LISTED, page=page, _fields="id,name", orderby="count",
            order="desc", **_EVERY_SIDE,
        )  # fmt: skip

    def languages(self) -> Answer:
        """List Polylang's languages; only some users may."""
        return self._get("/pll/v1/languages", _fields="slug")

    def user(self) -> Answer:
        """Ask whom the credentials belong to, and what that user may do."""
        fields = "id,name,slug,username,capabilities,avatar_urls"
        return self._get("/wp/v2/users/me", context="edit", _fields=fields)

    def own_password(self) -> Answer:
        """Ask about the application password that the request is made with."""
        return self._get("/wp/v2/users/me/application-passwords/introspect")

    def delete_password(self, password_id: str) -> Answer:
        """Delete an application password of the user."""
        url = self._url(f"/wp/v2/users/me/application-passwords/{password_id}")
        return self._recorder.call(lambda: self._recorder.session.delete(url))

    def index(self, *, plain: bool) -> Answer:
        """Ask for the description of the API, in one of both kinds of address."""
        url = f"{self.address}/{PLAIN}" if plain else f"{self.address}/wp-json/"
        return self._recorder.call(
            lambda: self._recorder.session.get(url, params={"_fields": "namespaces"})
        )

    def _get(self, route: str, **query: object) -> Answer:
        url = self._url(route, **query)
        return self._recorder.call(lambda: self._recorder.session.get(url))

    def _post(self, route: str, body: Mapping[str, Any], query: Mapping[str, str] = {}) -> Answer:
        url = self._url(route, _fields=FIELDS, **query)
        return self._recorder.call(lambda: self._recorder.session.post(url, json=dict(body)))

    def _url(self, route: str, **query: object) -> str:
        if self.is_plain:
            return f"{self.address}/?{urlencode({'rest_route': route, **query})}"
        return f"{self.address}/wp-json{route}?{urlencode(query)}"


def address_of(server: str) -> tuple[str, bool]:
    """The site's address without a slash at its end, and whether it has no pretty permalinks.

    http:// is for this machine alone. Raises ConfigurationError.
    """
    written = server.strip()
    is_plain = written.endswith(PLAIN)
    found = server_address(written.removesuffix(PLAIN), path=True)
    if found is None:
        raise ConfigurationError(
            _("The `server` of the account is not the address of a WordPress site."),
            hint=_(
                "Write it into secrets.toml as a browser shows it, like https://www.example.org or "
                "https://example.org/blog."
            ),
        )
    return found.removesuffix("/wp-json"), is_plain
