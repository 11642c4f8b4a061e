"""People as JSON, the same from each command."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from publisher.ledger.manager.rights import Person


def as_json(person: "Person") -> dict[str, Any]:
    """Who may log in, as what, and how; no secret."""
    from publisher.base.formats import instant_text

    return {
        "name": person.name,
        "role": person.rank,
        "organisations": None if person.organisations is None else list(person.organisations),
        "language": person.language,
        "created_at": instant_text(person.created_at),
        "disabled_at": instant_text(person.disabled_at),
        "openid": person.by_openid,
        "invited": person.is_invited,
        "second_factor": person.has_factor,
    }
