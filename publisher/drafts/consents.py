"""Consent records (posts/consents.yaml): who allowed a picture of people, where and until when.

A mapping of ids to records: `granted_to` (one organisation or a list), `channels` (a list; all, if
it is missing), `until` (the last day, in the session's time zone), `withdrawn: true`, and `names`
that must not stand in public.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from pathlib import Path

from publisher.base.i18n import _
from publisher.channels.registry import SPECS, channel_called
from publisher.drafts import text_files, yaml_tree
from publisher.drafts.fields import Fields
from publisher.model.accounts import Account
from publisher.model.problems import Findings, Flaw
from publisher.model.values import Frozen

FILE = "posts/consents.yaml"
_KEYS = ("granted_to", "channels", "until", "withdrawn", "names", "note")


class Consent(Frozen):
    """One consent record."""

    id: str
    granted_to: frozenset[str] = frozenset()
    """Organisations; empty: every organisation that publishes from this workspace."""
    channels: frozenset[str] | None = None
    """None: every channel."""
    until: date | None = None
    withdrawn: bool = False
    names: tuple[str, ...] = ()
    """Names that readers' comments must not hold; nobody reads them but Publisher."""
    note: str | None = None
    """Where the signed form is, and the like; for those who keep the records."""

    def covers(self, account: Account) -> bool:
        """Whether the consent covers this account: its channel and its organisation."""
        right_channel = self.channels is None or account.channel in self.channels
        known = account.organisation is not None
        return right_channel and (
            not self.granted_to or (known and account.organisation in self.granted_to)
        )

    def ends(self, zone: tzinfo) -> datetime | None:
        """The last instant of the consent's last day."""
        if self.until is None:
            return None
        return datetime.combine(self.until, time.max, zone)

    def reason_to_hold(self, due_at: datetime | None, zone: tzinfo) -> str | None:
        """The reason to hold a post that is due at `due_at`, if there is one."""
        if self.withdrawn:
            return _("consent {consent} was withdrawn", consent=self.id)
        if self.until and due_at and due_at.astimezone(zone).date() > self.until:
            return _(
                "consent {consent} expired on {day}", consent=self.id, day=self.until.isoformat()
            )
        return None


def reason_to_hold(
    named: str | None,
    elsewhere: Mapping[str, str],
    records: "Consents",
    due_at: datetime | None,
    zone: tzinfo,
) -> str | None:
    """The reason to hold a post with a picture under the consent `named`, if there is one.

    `elsewhere`: the other consents that are named for the same picture, with where. One of them
    that was withdrawn counts for ever; one that expired does not where another one is `named`.
    """
    own = records.get(named or "")
    if own and (reason := own.reason_to_hold(due_at, zone)):
        return reason
    for consent, source in elsewhere.items():
        record = records.get(consent)
        if record and record.withdrawn and consent != named:
            return _(
                "consent {consent}, which {source} names for the same picture, was withdrawn",
                consent=consent,
                source=source,
            )
    return None


def load(posts: Path, findings: Findings) -> dict[str, Consent]:
    """Read the records, by id. A missing file has none; a record with problems is left out."""
    path = posts / "consents.yaml"
    if text_files.is_missing(path):
        return {}
    text = text_files.read(path, findings)
    return {} if text is None else parse(text, findings)


def parse(text: str, findings: Findings) -> dict[str, Consent]:
    """Parse the text of posts/consents.yaml."""
    root = yaml_tree.mapping(text, findings)
    if root is None:
        return {}
    records = (_record(name, entry, findings) for name, entry in root.entries.items())
    return {record.id: record for record in records if record}


def names(posts: Path, findings: Findings) -> tuple[str, ...] | None:
    """The names of all records, also of those with problems; None if the file cannot be read."""
    path = posts / "consents.yaml"
    if text_files.is_missing(path):
        return ()
    text = text_files.read(path, findings)
    root = None if text is None else yaml_tree.mapping(text, findings)
    if root is None:
        return () if text is not None and not text.strip() else None
    found: set[str] = set()
    for entry in root.entries.values():
        if isinstance(entry.value, yaml_tree.Mapping):
            words = Fields(entry.value, _KEYS, Findings(FILE)).words("names")
            found |= {word for word, _position in words or ()}
    return tuple(sorted(found))


def _record(name: str, entry: yaml_tree.Entry, findings: Findings) -> Consent | None:
    before = len(findings.problems)
    if not isinstance(entry.value, yaml_tree.Mapping):
        flaw = Flaw("not-a-mapping", _("The consent “{name}” has no keys.", name=name))
        findings.add(flaw, entry.value.position)
        return None
    fields = Fields(entry.value, _KEYS, findings)
    granted_to, for_channels = fields.words("granted_to"), fields.words("channels")
    for channel, position in for_channels or ():
        if channel_called(channel) not in SPECS:
            hint = _("The platforms are: {channels}.", channels=", ".join(sorted(SPECS)))
            findings.error(
                "bad-value", position, _("“{channel}” is not a platform.", channel=channel), hint
            )
    record = Consent(
        id=name,
        granted_to=frozenset(word for word, _ in granted_to or ()),
        channels=None
        if for_channels is None
        else frozenset(channel_called(word) for word, _ in for_channels),
        until=fields.day("until"),
        withdrawn=fields.flag("withdrawn") or False,
        names=tuple(word for word, _position in fields.words("names") or ()),
        note=_note(fields.node("note")),
    )
    return record if len(findings.problems) == before else None


def _note(node: yaml_tree.Node | None) -> str | None:
    """A note in one piece; what else a person wrote there is theirs alone."""
    return node.value.strip() or None if isinstance(node, yaml_tree.Scalar) else None


Consents = Mapping[str, Consent]
