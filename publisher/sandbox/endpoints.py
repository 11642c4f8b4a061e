"""Endpoints of the simulated platforms, and the received call."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request

from publisher.sandbox.accounts import SandboxAccount

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault, What

OLDEST_GRAPH, NEWEST_GRAPH = (21, 0), (26, 0)
"""The available Graph API versions (developers.facebook.com/docs/graph-api/changelog)."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint: X's names are the operationId of its OpenAPI description."""

    name: str
    channel: str
    method: str
    path: str
    """With `{names}` for the parts that vary; Facebook's without the version."""

    def match(self, method: str, path: str) -> dict[str, str] | None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, path) if method == self.method else None
        return found.groupdict() if found else None


OPERATIONS = (
    Operation("createPosts", "twitter", "POST", "/2/tweets"),
    Operation("getPostsById", "twitter", "GET", "/2/tweets/{id}"),
    Operation("deletePosts", "twitter", "DELETE", "/2/tweets/{id}"),
    Operation("getUsersMe", "twitter", "GET", "/2/users/me"),
    Operation("getUsersPosts", "twitter", "GET", "/2/users/{id}/tweets"),
    Operation("mediaUpload", "twitter", "POST", "/2/media/upload"),
    Operation("getMediaUploadStatus", "twitter", "GET", "/2/media/upload"),
    Operation("initializeMediaUpload", "twitter", "POST", "/2/media/upload/initialize"),
    Operation("appendMediaUpload", "twitter", "POST", "/2/media/upload/{id}/append"),
    Operation("finalizeMediaUpload", "twitter", "POST", "/2/media/upload/{id}/finalize"),
    Operation("createMediaMetadata", "twitter", "POST", "/2/media/metadata"),
    Operation("debugToken", "facebook", "GET", "/debug_token"),
    Operation("createFeedPost", "facebook", "POST", "/{page}/feed"),
    Operation("createPhoto", "facebook", "POST", "/{page}/photos"),
    Operation("getFeed", "facebook", "GET", "/{page}/feed"),
    Operation("getPublishedPosts", "facebook", "GET", "/{page}/published_posts"),
    Operation("updatePost", "facebook", "POST", "/{id}"),
    Operation("deletePost", "facebook", "DELETE", "/{id}"),
    Operation("getObject", "facebook", "GET", "/{id}"),
)

NAMES = frozenset(operation.name for operation in OPERATIONS)


def is_x(path: str) -> bool:
    return path == "/2" or path.startswith("/2/")


def graph_version(path: str) -> tuple[tuple[int, int] | None, str]:
    """Split `/v25.0/1/feed` into ((25, 0), "/1/feed"); without a version, (None, path)."""
    found = re.match(r"/v(\d{1,3})\.(\d{1,3})(?=/|$)", path)
    if not found:
        return None, path
    return (int(found[1]), int(found[2])), path[found.end() :] or "/"


def find(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation of a request and the variable parts of its path; None if there is none."""
    channel = "twitter" if is_x(path) else "facebook"
    bare = path if channel == "twitter" else graph_version(path)[1].rstrip("/")
    for operation in OPERATIONS:
        if operation.channel == channel:
            parts = operation.match(method, bare)
            if parts is not None:
                return operation, parts
    return None


@dataclass(slots=True)
class Call:
    """A completely received request to a simulated platform."""

    operation: Operation
    parts: dict[str, str]
    request: Request
    body: bytes
    form: FormData
    """The fields of a form, in any encoding; empty for anything else."""
    received_at: datetime
    """When it arrived, by the sandbox's clock."""
    account: SandboxAccount | None = None
    """The account of its token, not verified yet."""
    changes: list["Fault"] = field(default_factory=list)
    """The faults that change how it is carried out."""
    headers: dict[str, str] = field(default_factory=dict)
    """The headers of the answer."""

    def changed(self, what: "What") -> list["Fault"]:
        """The faults of one kind that change it."""
        return [fault for fault in self.changes if fault.what is what]

    def delay(self, what: "What") -> float:
        """The seconds of all faults of one kind together."""
        return sum(fault.delay for fault in self.changed(what))

    @property
    def query(self) -> QueryParams:
        return self.request.query_params

    @property
    def content_type(self) -> str:
        return self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
