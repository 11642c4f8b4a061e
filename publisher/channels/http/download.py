"""Download of a public picture: without credentials, and from the platform's own hosts only."""

from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

import h11

from publisher.channels.http import client
from publisher.channels.http.connection import MAX_BODY
from publisher.channels.outgoing import Exchanged, Request
from publisher.model.outcomes import Answer, Wire


def picture(
    address: str, hosts: Collection[str], *, server: str | None, timeout: float
) -> bytes | None:
    """The bytes at the address; None if they cannot be had, or are too many.

    Only HTTPS to `hosts` is allowed: see `Server.pictures`. If `server` stands in for the platform,
    only that one is. No redirect is followed. `timeout`: real seconds.
    """
    try:
        parts = urlsplit(address)
        if not _is_allowed(parts, hosts, server):
            return None
        target = (parts.path or "/") + (parts.query and f"?{parts.query}")
        request = Request(
            origin=f"{parts.scheme}://{parts.netloc}",
            head=h11.Request(
                method="GET", target=target, headers=[("Host", parts.netloc), ("Accept", "image/*")]
            ),
            body=b"",
            timeout=timeout,
            answer=_unread,
        )
    except (ValueError, h11.LocalProtocolError):  # no address at all
        return None
    told = client.shared().exchange(request)
    is_whole = told.wire is Wire.ANSWERED and told.status == 200 and len(told.body) < MAX_BODY
    return told.body if is_whole and told.body else None


def _is_allowed(parts: SplitResult, hosts: Collection[str], server: str | None) -> bool:
    if server is not None:
        place = urlsplit(server)
        return (parts.scheme, parts.netloc) == (place.scheme, place.netloc)
    host = parts.hostname or ""
    # A port, a user or upper case: none of the platforms' own addresses has one.
    return (
        parts.scheme == "https"
        and parts.netloc == host
        and any(host.endswith(one) if one.startswith(".") else host == one for one in hosts)
    )


def _unread(_exchanged: Exchanged) -> Answer:
    raise NotImplementedError  # a picture has no answer to interpret
