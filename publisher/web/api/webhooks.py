"""Webhooks in the description of the API: what `publisher run` sends to programs."""

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Header

from publisher.notices.webhook_message import WebhookMessage, WebhookType

_WHEN: dict[WebhookType, str] = {
    "approval.asked": "A delivery waits for an approval.",
    "delivery.failed": "A delivery failed.",
    "delivery.state_changed": "A delivery has any other state than before.",
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {"description": "Not taken: it is sent again, later each time, for a week."}
}


def _sent(
    message: WebhookMessage,
    webhook_id: Annotated[str, Header(description="The same each time that it is sent.")],
    webhook_timestamp: Annotated[int, Header(description="When it was sent, in Unix seconds.")],
    webhook_signature: Annotated[
        str, Header(description="`v1,` and a signature, for each secret.")
    ],
) -> None:
    """Nobody calls it: it is what a receiver is sent."""


def describe(webhooks: APIRouter) -> None:
    """Add to an application's webhooks what is sent; each type has an entry."""
    for kind in get_args(WebhookType):
        webhooks.add_api_route(
            kind,
            _sent,
            methods=["POST"],
            status_code=204,
            summary=_WHEN[kind],
            description=f"{_WHEN[kind]} Signed by Standard Webhooks; events come in order.",
            response_description="Taken: any status of 2xx, within 15 seconds.",
            responses=_RESPONSES,
            operation_id=kind.replace(".", "_"),
        )
