"""What a command changed, as JSON: the same keys as in `publisher log --json`."""

from collections.abc import Iterable
from typing import Any

from publisher.cli.output import console
from publisher.model.deliveries import Delivery
from publisher.reporting.log_export import log_rows


def print_json(deliveries: Iterable[Delivery], **more: object) -> None:
    """Print the deliveries as they are now; `more` are further keys beside them."""
    console.print_json({**more, "deliveries": [row(delivery) for delivery in deliveries]})


def row(delivery: Delivery) -> dict[str, Any]:
    """A row of the log, with the stop that waits until it is known whether it is out."""
    return {**log_rows([delivery])[0], "pending_stop": delivery.pending_stop}
