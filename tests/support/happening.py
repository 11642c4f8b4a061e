"""What comes of a delivery's request, written down as a worker does."""

from publisher.app import Application
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Outcome


def ends(app: Application, delivery: Delivery, outcome: Outcome) -> Delivery:
    """The delivery once it was due, was sent, and `outcome` came of it."""
    app.clock.sleep_until(delivery.next_check_at)
    claims = app.dispatch.claim(app.clock.ahead(2), app.clock.ahead(30), 100)
    taken = app.attempts.take(next(one for one in claims if one.delivery == delivery.id))
    assert taken is not None
    intended = app.attempts.intend(taken, app.clock.now(), app.clock.ahead(30))
    assert intended is not None
    return app.attempts.record(intended, outcome, app.clock.ahead(30))
