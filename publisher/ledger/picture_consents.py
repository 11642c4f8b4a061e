"""Consents to pictures: which were ever named for each, by its digests.

What a draft once said of the people in a picture stays, when the line or the draft is deleted:
the same picture is the same child. A row is never changed.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from publisher.ledger.database import Database
from publisher.ledger.rows import chunks
from publisher.ledger.tables import picture_consents
from publisher.model.content import Content

Named = Mapping[str, Mapping[str, str]]
"""By digest: the consents that were named for it, each with the first post that did."""


class PictureConsent(NamedTuple):
    """A consent that a post names for a picture."""

    digest: str
    """SHA-256 of the original, or of a clean copy, in hexadecimal."""
    consent: str
    post: str


def of_content(content: Content, post: str) -> Iterable[PictureConsent]:
    """The consents that a delivery's own pictures name."""
    for picture in content.pictures:
        if picture.consent:
            yield PictureConsent(picture.digest, picture.consent, post)


def keep(database: Database, connection: Connection, found: Iterable[PictureConsent]) -> None:
    rows = {(one.digest, one.consent): one._asdict() for one in found}
    database.insert_missing(connection, picture_consents, [*rows.values()])


def named_for(connection: Connection, digests: Collection[str]) -> Named:
    """The consents that were named for these pictures."""
    found: dict[str, dict[str, str]] = {}
    for chunk in chunks(sorted(digests)):
        query = select(picture_consents).where(picture_consents.c.digest.in_(chunk))
        for row in connection.execute(query):
            found.setdefault(row.digest, {})[row.consent] = row.post
    return found


def all_named(connection: Connection) -> Named:
    found: dict[str, dict[str, str]] = {}
    for row in connection.execute(select(picture_consents)):
        found.setdefault(row.digest, {})[row.consent] = row.post
    return found


def digests_of(connection: Connection, consent: str) -> set[str]:
    """The digests of the pictures for which a consent was named."""
    query = select(picture_consents.c.digest).where(picture_consents.c.consent == consent)
    return {*connection.execute(query).scalars()}
