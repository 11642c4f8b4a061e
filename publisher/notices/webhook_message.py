"""What a webhook is told: the body of its requests, which the API's description has too."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from publisher.base.formats import instant_text
from publisher.ledger.news.webhook_news import DeliveryEvent
from publisher.model.states import State

WebhookType = Literal["approval.asked", "delivery.failed", "delivery.state_changed"]
_TYPES: dict[State, WebhookType] = {
    State.AWAITING_APPROVAL: "approval.asked",
    State.FAILED: "delivery.failed",
}
"""The types of the events that lead to these states."""
_OTHERS: WebhookType = "delivery.state_changed"
_Instant = Annotated[datetime, PlainSerializer(instant_text)]
"""In UTC."""


class ChangedDelivery(BaseModel):
    """A delivery whose state has changed. Nothing of its text, which may be under embargo."""

    model_config = ConfigDict(from_attributes=True)

    delivery: int
    post: str
    account: str
    channel: str
    event: str = Field(description="What happened, as in the history.")
    state: State
    before: State | None = Field(description="null: it is new.")
    due_at: _Instant
    url: str | None = Field(description="Its address on the platform now, if it is out.")
    parts: int = Field(description="Of the thread; 1 for a post alone.")
    parts_out: int = Field(description="Those that the public sees now, as far as is known.")
    public: str = Field(description="In words, what the public sees now.")
    actor: str = Field(description="The person; `publisher` for what no person did.")
    program: str | None = Field(description="The program that acted for the person; null: none.")


class WebhookMessage(BaseModel):
    """An event: its type, when it happened, and what."""

    type: WebhookType
    timestamp: _Instant
    data: ChangedDelivery

    @classmethod
    def of(cls, event: DeliveryEvent) -> "WebhookMessage":
        """The message about an event."""
        kind = _TYPES.get(event.state, _OTHERS)
        return cls(type=kind, timestamp=event.at, data=ChangedDelivery.model_validate(event))
