"""Health check of an account on X."""

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed
from publisher.channels.health import Health, clock_ahead, owner_of, problem_of, was_answered
from publisher.channels.twitter.answers import ANSWERS
from publisher.model.models import Owner
from publisher.model.outcomes import AccountSuspended, Answer, Deferred


def health(answer: Answer) -> Health:
    """The health from the answer to `GET /2/users/me`.

    The header `x-access-level` says what the access token may do (docs.x.com, app permissions).
    """
    problem = problem_of(ANSWERS, answer)
    if problem is None and answer.headers.get("x-access-level") == "read":
        problem = _(
            "The access token may only read. Give the app the permission to write "
            "in X's developer portal, then make the access token anew."
        )
    found = owner(answer)
    return Health(
        problem,
        was_answered(answer),
        clock_ahead(answer),
        owner=found if isinstance(found, Owner) else None,
    )


def owner(answer: Answer) -> Owner | AccountSuspended | Deferred:
    """The owner from the answer to `GET /2/users/me`."""
    data = mapping(mapping(parsed(answer.body)).get("data"))
    return owner_of(ANSWERS, answer, data, "username", "@")
