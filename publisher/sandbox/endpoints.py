"""Endpoints of a simulated platform, and the received call."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request

from publisher.sandbox.accounts import SandboxAccount

if TYPE_CHECKING:
    from publisher.sandbox.fault_kinds import FaultKind
    from publisher.sandbox.faults import Fault


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint: X's names are the operationId of its OpenAPI description."""

    name: str
    channel: str
    method: str
    path: str
    """With `{names}` for the parts that vary; see `PlatformSpec.bare`."""
    success: int = 200
    """The status of a successful answer."""

    def match(self, method: str, path: str) -> dict[str, str] | None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, path) if method == self.method else None
        return found.groupdict() if found else None


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

    def changed(self, what: "FaultKind") -> list["Fault"]:
        """The faults of one kind that change it."""
        return [fault for fault in self.changes if fault.what is what]

    def delay(self, what: "FaultKind") -> float:
        """The seconds of all faults of one kind together."""
        return sum(fault.delay for fault in self.changed(what))

    @property
    def query(self) -> QueryParams:
        return self.request.query_params

    @property
    def content_type(self) -> str:
        return self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
