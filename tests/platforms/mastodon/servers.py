"""One request to Mastodon by an instance of its own, and what goes wrong with it."""

from typing import Any

import requests

from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Outcome,
)
from publisher.sandbox.faults import Fault
from tests.channels.conftest import Stage
from tests.support.sending import send

NOTHING = Prepared()
Exchanges = list[requests.PreparedRequest]


def faults(stage: Stage, *what: dict[str, Any]) -> None:
    stage.sandbox.faults.set([Fault(**one) for one in what])


def sent_once(stage: Stage, parcel: Parcel, prepared: Prepared = NOTHING) -> Outcome:
    """One request, by an instance that never made one."""
    return send(stage.open(), parcel, prepared, ())
