"""Access to others' posts: what an answer means that does not show or hide them."""

from http import HTTPStatus

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed
from publisher.channels.bluesky.answers import ANSWERS
from publisher.channels.bluesky.spec import PERMISSIONS
from publisher.channels.comments import CommentsUnavailable, check
from publisher.model.outcomes import Answer


def checked(answer: Answer) -> None:
    """As `check`: raise CommentsUnavailable for an answer that is no success.

    An app password may do all of it: a server that refuses has given the log-in fewer rights.
    """
    if answer.status == HTTPStatus.FORBIDDEN and "error" in mapping(parsed(answer.body)):
        told = _(
            "Bluesky does not let this log-in read or hide answers. Make a new {permissions} for the "
            "account and put it into secrets.toml, as docs/credentials.md shows.",
            permissions=PERMISSIONS,
        )
        raise CommentsUnavailable(told, needs_person=True)
    check(answer, ANSWERS, PERMISSIONS)
