"""Consents to pictures, by the digests of their bytes"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE picture_consents ("
        "digest VARCHAR(64) NOT NULL, consent VARCHAR NOT NULL, post VARCHAR NOT NULL, "
        "PRIMARY KEY (digest, consent))"
    )
    connection = op.get_bind()
    named: dict[tuple[str, str], str] = {}
    queued = sa.text("SELECT post, content FROM deliveries WHERE content LIKE :named ORDER BY id")
    for row in connection.execute(queued, {"named": '%"consent":"%'}):
        for part in json.loads(row.content)["parts"]:
            for picture in part.get("pictures", ()):
                if picture.get("consent"):
                    named.setdefault((picture["digest"], picture["consent"]), row.post)
    if named:
        connection.execute(
            sa.text("INSERT INTO picture_consents VALUES (:digest, :consent, :post)"),
            [{"digest": d, "consent": c, "post": post} for (d, c), post in named.items()],
        )
