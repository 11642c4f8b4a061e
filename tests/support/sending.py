"""Sending one part by a channel, as a worker does."""

from publisher.channels.base import Channel, Unverified
from publisher.channels.http.client import shared
from publisher.channels.outgoing import Action, Objection
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Outcome


def send(
    channel: Channel,
    parcel: Parcel,
    prepared: Prepared,
    sent: tuple[str, ...],
    objection: Objection = lambda: None,
) -> Outcome:
    """Make the part after those in `sent` public, unless there is an objection."""
    outgoing = channel.ready(parcel, prepared, sent)
    if isinstance(outgoing, Action):
        return outgoing.run(objection)
    if objected := objection():
        return objected
    judged = channel.judge(parcel, prepared, sent, shared().ask(outgoing))
    return channel.verify(prepared, judged.outcome) if isinstance(judged, Unverified) else judged
