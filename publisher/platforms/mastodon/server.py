"""Requests of one account to its Mastodon server, through Mastodon.py.

The library's interpretation of an answer is ignored, as is its waiting for rate limits.
"""

from collections.abc import Sequence
from datetime import timedelta

from mastodon import Mastodon as Library

from publisher.base.clock import Clock
from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.channels.http.recorder import Recorder
from publisher.channels.http.server_address import server_address
from publisher.channels.outgoing import Request
from publisher.model.clock_check import Heard
from publisher.model.content import Picture
from publisher.model.outcomes import Answer

PAGE_SIZE = 40  # statuses; the most that Mastodon returns at once
_LONG_UPLOAD = 5
"""How many times the usual time a GIF or video may take: it goes in one request."""
_USER_AGENT = "Publisher"


def address_of(server: str) -> str:
    """The server's address with `https://` and nothing after its host.

    http:// is for this machine alone. Raises ConfigurationError.
    """
    found = server_address(server)
    if found is None:
        raise ConfigurationError(
            _("The `server` of the account is not the address of a Mastodon server."),
            hint=_("Write it into secrets.toml like https://mastodon.example, without a path."),
        )
    return found


class AccountServer:
    """Requests for one account, each by one method. Used by one thread at a time."""

    def __init__(
        self,
        server: str,
        token: str,
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
        self.address = address_of(server)
        self._public_only = public_only
        self._recorder, self._library = self._client(token, instead, timeout, clock, heard)
        # A whole video leaves in one request: Mastodon takes no chunks.
        self._long, self._uploads = self._client(
            token, instead, timeout * _LONG_UPLOAD, clock, heard
        )

    def _client(
        self, token: str, instead: str | None, timeout: timedelta, clock: Clock, heard: Heard
    ) -> tuple[Recorder, Library]:
        recorder = Recorder(
            self.address,
            base_url=instead,
            timeout=timeout,
            clock=clock,
            secrets=(token,),
            heard=heard,
            public_only=self._public_only,
        )
        library = Library(
            api_base_url=self.address,
            ratelimit_method="throw",
            # With a version it asks no server for one; without one it uploads to an older path.
            version_check_mode="created",
            mastodon_version=Library.get_supported_version(),
            session=recorder.session,
            user_agent=_USER_AGENT,
        )
        # Not by the constructor, which would read a file of that name.
        library.access_token = token
        return recorder, library

    def publication(
        self,
        text: str,
        *,
        content_warning: str | None,
        media_ids: Sequence[str],
        parent: str | None,
        visibility: str,
        language: str | None,
        key: str,
    ) -> Request:
        """Build the request that posts a status, with its `Idempotency-Key`."""
        return self._recorder.built(
            lambda: self._library.status_post(
                text,
                in_reply_to_id=parent,
                media_ids=list(media_ids) or None,
                spoiler_text=content_warning,
                sensitive=content_warning is not None,
                visibility=visibility,
                language=language,
                idempotency_key=key,
            )
        )

    def edit(
        self,
        status_id: str,
        text: str,
        *,
        content_warning: str | None,
        media_ids: Sequence[str],
        language: str | None,
    ) -> Request:
        """Build the request that replaces the words of a status; what it leaves out is removed.

        Not by the library, which cannot name the language. Source: docs.joinmastodon.org, methods
        statuses, “Edit a status” (since 3.5).
        """
        form: list[tuple[str, str]] = [
            ("status", text),
            ("spoiler_text", content_warning or ""),
            ("sensitive", "true" if content_warning else "false"),
            *(("media_ids[]", media_id) for media_id in media_ids),
            *([("language", language)] if language else []),
        ]
        return self._recorder.built(
            lambda: self._recorder.session.put(
                f"{self.address}/api/v1/statuses/{status_id}", data=form, headers=self._headers
            )
        )

    @property
    def _headers(self) -> dict[str, str]:
        """The headers of requests that the library does not make."""
        return {
            "Authorization": f"Bearer {self._library.access_token}",
            "User-Agent": _USER_AGENT,
        }

    def upload(self, picture: Picture, content: bytes) -> Answer:
        """Upload a picture, GIF or video with its alternative text; nobody sees it."""
        recorder, library = (
            (self._long, self._uploads) if picture.moves else (self._recorder, self._library)
        )
        return recorder.call(
            lambda: library.media_post(
                content,
                mime_type=picture.media_type,
                description=picture.alt or None,
                file_name=f"{picture.digest[:16]}.{picture.media_type.partition('/')[2]}",
            )
        )

    def media(self, media_id: str) -> Answer:
        """Ask whether an upload is processed."""
        return self._recorder.call(lambda: self._library.media(media_id))

    def status(self, status_id: str) -> Answer:
        return self._recorder.call(lambda: self._library.status(status_id))

    def several(self, status_ids: Sequence[str]) -> Answer:
        """Read several statuses; the server returns those that it finds."""
        return self._recorder.call(lambda: self._library.statuses(list(status_ids)))

    def source(self, status_id: str) -> Answer:
        """Read a status of the account's own as it was written."""
        return self._recorder.call(lambda: self._library.status_source(status_id))

    def delete(self, status_id: str) -> Answer:
        """Delete a status with its pictures."""
        return self._recorder.call(
            lambda: self._library.status_delete(status_id, delete_media=True)
        )

    def statuses(self, account_id: str, *, older_than: str | None = None) -> Answer:
        """List the newest statuses of an account, or those older than one of them."""
        return self._recorder.call(
            lambda: self._library.account_statuses(
                account_id, exclude_reblogs=True, max_id=older_than, limit=PAGE_SIZE
            )
        )

    def mentions(self, newer_than: str, older_than: str, limit: int) -> Answer:
        """List the mentions directly after one of them, or before one, or the newest ones.

        Not by the library, which would page by itself: the oldest of them come first (`min_id`).
        """
        place = f"&min_id={newer_than}" if newer_than else ""
        place += f"&max_id={older_than}" if older_than else ""
        return self._read(f"/api/v1/notifications?types[]=mention&limit={limit}{place}")

    def _read(self, path: str) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._library.access_token}",
            "User-Agent": _USER_AGENT,
        }
        url = f"{self.address}{path}"
        return self._recorder.call(lambda: self._recorder.session.get(url, headers=headers))

    def owner(self) -> Answer:
        """Ask for the account of the token."""
        return self._recorder.call(self._library.account_verify_credentials)

    def app(self) -> Answer:
        """Ask for the app of the token, with its scopes."""
        return self._recorder.call(self._library.app_verify_credentials)

    def instance(self, version: int) -> Answer:
        """Ask the server what it is and what it takes, in version 2 or 1 of the answer.

        Not by the library, which puts a slash after the path: not every server takes that. A server
        that is closed to the public wants the token here too.
        """
        return self._read(f"/api/v{version}/instance")
