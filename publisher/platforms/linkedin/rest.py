"""LinkedIn's REST API: the requests for one organisation, through `requests` alone.

No library of LinkedIn's is kept up (docs/decisions.md). Each request names the version of the API,
and that of the protocol. Source: learn.microsoft.com/linkedin/marketing/versioning.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from publisher.base.clock import Clock
from publisher.channels.http.recorder import Recorder
from publisher.channels.outgoing import Request
from publisher.model.clock_check import Heard
from publisher.model.outcomes import Answer
from publisher.platforms.linkedin.spec import ADDRESS, WEBSITE

VERSION = "202609"
VERSION_ENDS = date(2027, 9, 15)
"""The day on which LinkedIn stops to serve this version (its page on migrations, September 2026):
from then on it refuses every request with 426. `tests/channels/test_versions.py` fails six months
before.
"""
_PROTOCOL = "2.0.0"
_LONG_UPLOAD = 5
"""How many times the usual time an upload may take: a document goes in one request."""


class Rest:
    """Requests about one organisation, each by one method. Used by one thread at a time."""

    def __init__(
        self,
        organization_id: str,
        credentials: Mapping[str, str],
        *,
        api_url: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard,
    ) -> None:
        self.organization_id = organization_id
        self.author = f"urn:li:organization:{organization_id}"
        self._credentials = credentials
        self._bearer = {"Authorization": f"Bearer {credentials['access_token']}"}

        def recorder(address: str, times: int = 1) -> Recorder:
            return Recorder(
                address,
                base_url=api_url,
                timeout=timeout * times,
                clock=clock,
                secrets=credentials.values(),
                heard=heard,
            )

        self._api, self._website = recorder(ADDRESS), recorder(WEBSITE)
        self._uploads = recorder(WEBSITE, _LONG_UPLOAD)

    def publication(self, post: Mapping[str, Any]) -> Request:
        """Build the request that makes a post public."""
        wish = {
            "author": self.author,
            **post,
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            # The only state in which LinkedIn lets a post be created (Posts API, schema).
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        return self._api.built(
            lambda: self._api.session.post(
                f"{ADDRESS}/rest/posts", json=wish, headers=self._headers()
            )
        )

    def edit(self, urn: str, commentary: str) -> Request:
        """Build the request that replaces the words of a post (Posts API, update posts)."""
        return self._api.built(
            lambda: self._api.session.post(
                f"{ADDRESS}/rest/posts/{quote(urn, safe='')}",
                json={"patch": {"$set": {"commentary": commentary}}},
                headers=self._headers("PARTIAL_UPDATE"),
            )
        )

    def post(self, urn: str) -> Answer:
        """Read a post."""
        return self._get(f"posts/{quote(urn, safe='')}")

    def delete(self, urn: str) -> Answer:
        """Delete a post. LinkedIn calls a deletion idempotent (Posts API)."""
        return self._api.call(
            lambda: self._api.session.delete(
                f"{ADDRESS}/rest/posts/{quote(urn, safe='')}", headers=self._headers("DELETE")
            )
        )

    def posts(self, start: int, count: int) -> Answer:
        """List the organisation's public posts, the newest first, from a place in that list on."""
        query = {
            "author": self.author,
            "q": "author",
            "start": str(start),
            "count": str(count),
            "sortBy": "CREATED",
        }
        return self._get("posts", query, method="FINDER")

    def begin_file(self, kind: str) -> Answer:
        """Ask for the address to which a picture or document is uploaded, and for its URN.

        `kind`: `images` or `documents`.
        """
        return self._act(
            kind, "initializeUpload", {"initializeUploadRequest": {"owner": self.author}}
        )

    def begin_video(self, size: int) -> Answer:
        """Ask for the addresses to which the parts of a video are uploaded, and for its URN."""
        wish = {
            "owner": self.author,
            "fileSizeBytes": size,
            "uploadCaptions": False,
            "uploadThumbnail": False,
        }
        return self._act("videos", "initializeUpload", {"initializeUploadRequest": wish})

    def end_video(self, urn: str, token: str, parts: Sequence[str]) -> Answer:
        """Have the parts joined; `parts`: the `ETag` of each, in order."""
        wish = {"video": urn, "uploadToken": token, "uploadedPartIds": list(parts)}
        return self._act("videos", "finalizeUpload", {"finalizeUploadRequest": wish})

    def media(self, urn: str) -> Answer:
        """Read the state of an uploaded picture, video or document."""
        kind = urn.removeprefix("urn:li:").partition(":")[0]
        return self._get(f"{kind}s/{quote(urn, safe='')}")

    def put(self, address: str, content: bytes, *, signed: bool) -> Answer:
        """Upload bytes to an address for which `takes` is true.

        `signed`: with the token, as LinkedIn wants it for pictures and documents, and not for
        videos.
        """
        headers = {"Content-Type": "application/octet-stream", **(self._bearer if signed else {})}
        return self._uploads.call(
            lambda: self._uploads.session.put(address, data=content, headers=headers)
        )

    def takes(self, address: object) -> bool:
        """Whether an upload may go to this address: only LinkedIn's own gets the token."""
        if not isinstance(address, str):
            return False
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        return f"{parts.scheme}://{parts.netloc}" == WEBSITE

    def statistics(self, kind: str, urns: Sequence[str]) -> Answer:
        """Read the statistics of the organisation's posts; `kind`: `shares` or `ugcPosts`."""
        listed = ",".join(quote(urn, safe="") for urn in urns)
        # Not as `params`, which would encode the parentheses of Rest.li's lists.
        query = (
            f"q=organizationalEntity&organizationalEntity={quote(self.author, safe='')}"
            f"&{kind}=List({listed})"
        )
        return self._get(f"organizationalEntityShareStatistics?{query}", method="FINDER")

    def comments(self, target: str, start: int, count: int) -> Answer:
        """List comments from a place in the list on: those on a post, or below a comment.

        `target`: its URN.
        """
        query = {"start": str(start), "count": str(count)}
        return self._get(f"socialActions/{quote(target, safe='')}/comments", query)

    def some_comments(self, target: str, numbers: Sequence[str]) -> Answer:
        """Read some comments on one post; `target`: the URN that theirs have in them."""
        listed = f"ids=List({','.join(numbers)})"
        return self._get(f"socialActions/{quote(target, safe='')}/comments?{listed}")

    def comment(self, target: str, number: str) -> Answer:
        """Read a comment, also one below another comment."""
        return self._get(f"socialActions/{quote(target, safe='')}/comments/{number}")

    def delete_comment(self, target: str, number: str) -> Answer:
        """Delete a comment, as the organisation."""
        return self._api.call(
            lambda: self._api.session.delete(
                f"{ADDRESS}/rest/socialActions/{quote(target, safe='')}/comments/{number}",
                params={"actor": self.author},
                headers=self._headers("DELETE"),
            )
        )

    def social_metadata(self, urn: str) -> Answer:
        """Read how many comments a post has, in all and on itself."""
        return self._get(f"socialMetadata/{quote(urn, safe='')}")

    def organization(self) -> Answer:
        """Read what the organisation's page shows of itself."""
        return self._get(f"organizations/{self.organization_id}")

    def roles(self) -> Answer:
        """List the roles that the token's person has on pages."""
        query = {"q": "roleAssignee", "state": "APPROVED", "count": "100"}
        return self._get("organizationAcls", query, method="FINDER")

    def introspection(self) -> Answer | None:
        """Ask about the token itself; None without the app's own credentials."""
        client_id = self._credentials.get("client_id")
        client_secret = self._credentials.get("client_secret")
        if not (client_id and client_secret):
            return None
        form = {
            "client_id": client_id,
            "client_secret": client_secret,
            "token": self._credentials["access_token"],
        }
        return self._website.call(
            lambda: self._website.session.post(f"{WEBSITE}/oauth/v2/introspectToken", data=form)
        )

    def _act(self, resource: str, action: str, wish: Mapping[str, Any]) -> Answer:
        return self._api.call(
            lambda: self._api.session.post(
                f"{ADDRESS}/rest/{resource}",
                params={"action": action},
                json=wish,
                headers=self._headers(),
            )
        )

    def _get(
        self, path: str, query: Mapping[str, str] | None = None, method: str | None = None
    ) -> Answer:
        return self._api.call(
            lambda: self._api.session.get(
                f"{ADDRESS}/rest/{path}", params=query, headers=self._headers(method)
            )
        )

    def _headers(self, method: str | None = None) -> dict[str, str]:
        named = {"X-RestLi-Method": method} if method else {}
        return {
            **self._bearer,
            "LinkedIn-Version": VERSION,
            "X-Restli-Protocol-Version": _PROTOCOL,
            **named,
        }
