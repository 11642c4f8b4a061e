"""Consent check at departure: whether the pictures of a delivery may still be shown."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path

from publisher.base.i18n import _
from publisher.drafts import consents
from publisher.drafts.consents import Consents
from publisher.ledger.picture_consents import Named
from publisher.model.accounts import Account
from publisher.model.content import Picture
from publisher.model.deliveries import Delivery
from publisher.model.problems import Findings

_State = tuple[int, ...] | None


class ConsentCheck:
    """Compares a delivery's pictures with posts/consents.yaml as it is when they leave.

    A machine without that file has only what the ledger holds: `withdraw --consent` holds there all
    that shows such a picture.
    """

    def __init__(
        self, posts: Path, accounts: Mapping[str, Account], zone: Callable[[], tzinfo]
    ) -> None:
        """`zone`: the session's time zone, in which a consent has its last day."""
        self._file = posts / "consents.yaml"
        self._accounts = accounts
        self._zone = zone
        self._read: tuple[_State, Consents] = None, {}

    def __call__(self, delivery: Delivery, named: Named, leaves: datetime) -> str | None:
        """Why the delivery must be held; None if nothing is against it.

        `named`: the consents that the ledger has for its pictures.
        """
        shown = [
            (picture, named.get(picture.digest, {}))
            for picture in delivery.content.pictures
            if picture.consent or picture.digest in named
        ]
        records = self._records() if shown else {}
        reasons = (
            self._reason(delivery, picture, others, records, leaves) for picture, others in shown
        )
        return next(filter(None, reasons), None)

    def _reason(
        self,
        delivery: Delivery,
        picture: Picture,
        others: Mapping[str, str],
        records: Consents,
        leaves: datetime,
    ) -> str | None:
        zone = self._zone()
        if reason := consents.reason_to_hold(picture.consent, others, records, leaves, zone):
            return reason
        # A consent named by mistake ends nothing, once the draft has answered that.
        known = [records[one] for one in others if one in records and one not in picture.denied]
        if picture.consent or not known:
            return None
        # It was queued before anybody said that people are in it: one of their consents must do.
        account = self._accounts.get(delivery.account)
        standing = [one for one in known if one.reason_to_hold(leaves, zone) is None]
        if not standing:
            return known[0].reason_to_hold(leaves, zone)
        if account and not any(one.covers(account) for one in standing):
            return _(
                "consent {consent}, which {source} names for the same picture, does not cover "
                "{account}",
                consent=standing[0].id,
                source=others[standing[0].id],
                account=account.name,
            )
        return None

    def _records(self) -> Consents:
        """The records; where the file cannot be read, with those that it had before."""
        try:
            status = self._file.stat()
        except OSError:
            return self._read[1]
        state = status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
        if state != self._read[0]:
            findings = Findings(consents.FILE)
            found = consents.load(self._file.parent, findings)
            self._read = state, {**self._read[1], **found} if findings.errors else found
        return self._read[1]
