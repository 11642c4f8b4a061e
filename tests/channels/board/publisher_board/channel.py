"""The board: a note is there under the name of its post, so that sending it twice does no harm."""

import json
import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from publisher.channels.base import MediaReader
from publisher.channels.health import Health
from publisher.channels.outgoing import Action, Objection
from publisher.model.accounts import Account, Owner
from publisher.model.capabilities import Capabilities
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Absent, Accepted, Answer, Outcome, Sighting
from publisher_board.spec import BOARD


class Board:
    """One account's notes."""

    capabilities: ClassVar[Capabilities] = BOARD

    def __init__(self, account: Account, key: str, folder: Path) -> None:
        self._wall, self._key = account.options["wall"], key
        self._file = folder / f"{account.name}.json"

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        for part in parcel.content.parts:
            for picture in part.pictures:
                read_media(picture.digest)
        return prepared

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Action:
        del prepared, sent
        return Action(lambda objection: self._publish(parcel, objection))

    def _publish(self, parcel: Parcel, objection: Objection) -> Outcome:
        if objected := objection():
            return objected
        notes = self._notes()
        pictures = [
            {"sha256": picture.digest, "alt": picture.alt}
            for part in parcel.content.parts
            for picture in part.pictures
        ]
        text = parcel.content.joined
        notes[_id(parcel)] = {"wall": self._wall, "text": text, "pictures": pictures}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(notes), encoding="utf-8")
        return Accepted(_id(parcel))

    def judge(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], answer: Answer
    ) -> Outcome:
        raise NotImplementedError  # an action has no answer

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        del prepared
        return outcome

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        del prepared, since, taken
        there = _id(parcel) in self._notes() and not sent
        return Accepted(_id(parcel)) if there else Absent(may_come=False)

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        del parcel, prepared
        return Prepared()

    def withdraw(self, remote_id: str, prepared: Prepared) -> Outcome:
        del prepared
        notes = self._notes()
        notes.pop(remote_id, None)
        self._file.write_text(json.dumps(notes), encoding="utf-8")
        return Accepted(remote_id)

    @property
    def owner_id(self) -> str:
        return self._key

    def owner(self) -> Owner:
        return Owner(id=self._key, name="Caretaker")

    def examine(self) -> Health:
        return Health(owner=self.owner())

    def _notes(self) -> dict[str, object]:
        found: dict[str, object] = {}
        if self._file.exists():
            found = json.loads(self._file.read_text(encoding="utf-8"))
        return found


def _id(parcel: Parcel) -> str:
    return re.sub(r"[^a-z0-9]+", "-", parcel.post.casefold())
