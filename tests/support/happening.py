"""What comes of a delivery's request, written down as a worker does."""

from publisher.app import Application
from publisher.model.deliveries import Claim, Delivery
from publisher.model.outcomes import Outcome
from tests.support.delivering import one_by_one


def ends(app: Application, delivery: Delivery, outcome: Outcome) -> Delivery:
    """The delivery once it was due, was sent, and `outcome` came of it."""
    app.clock.sleep_until(delivery.next_check_at)
    claims = app.dispatch.claim(app.clock.ahead(2), app.clock.ahead(30), 100)
    return meet(app, next(one for one in claims if one.delivery == delivery.id), outcome)


def meet(app: Application, claim: Claim, first: Outcome, *more: Outcome) -> Delivery:
    """The delivery after its next parts were sent, and these outcomes came of them."""
    delivery = comes_of(app, begin(app, claim), first)
    for outcome in more:
        delivery = comes_of(app, _intended(app, delivery), outcome)
    return delivery


def begin(app: Application, claim: Claim) -> Delivery:
    """The delivery with the intent to send its next part."""
    taken = one_by_one(app).take(claim)
    assert taken is not None
    return _intended(app, taken)


def comes_of(app: Application, sending: Delivery, outcome: Outcome) -> Delivery:
    """The delivery that was being sent, with this outcome."""
    return one_by_one(app).record(sending, outcome, app.clock.ahead(60))


def _intended(app: Application, delivery: Delivery) -> Delivery:
    intended = one_by_one(app).intend(delivery, app.clock.now(), app.clock.ahead(60))
    assert intended is not None
    return intended
