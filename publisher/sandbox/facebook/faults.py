"""Faults that Facebook alone plays."""

from publisher.sandbox.fault_kinds import Effect, FaultKind


class FacebookFault(FaultKind):
    """The kinds by name."""

    GRAPH_ERROR = (
        "graph-error",
        "any error of the Graph API: `code`, and `subcode` if you like",
        Effect.REFUSES,
        0.2,
        "code",
    )
    TOO_OFTEN = "too-often", "error 368: posting too often, to be tried again later"
    ALREADY_POSTED = "already-posted", "error 368: the text is there already"
    LINK_UNREAD = "link-unread", "error 100: the page that the post links to cannot be read"
    USAGE = "usage", "the headers claim that `percent` (97) of the limit is used", Effect.CHANGES
    AUTO_PUBLISH = (
        "auto-publish",
        (
            "a post that was to stay unpublished is public at once; with `shows` only a `text`, a "
            "`link` or a `photo`"
        ),
        Effect.CHANGES,
    )
    ALREADY_PUBLISHED = (
        "already-published",
        "to make public what is public already is refused",
        Effect.CHANGES,
    )
    NO_FIELDS = (
        "no-fields",
        "the answer to a `POST` lacks the `fields` that it was asked for",
        Effect.CHANGES,
    )
    FIELDS_DENIED = (
        "fields-denied",
        "a `POST` that asks for `fields` is answered with error 10, and carried out all the same",
        Effect.CHANGES,
    )
