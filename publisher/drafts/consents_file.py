"""posts/consents.yaml as a person saw it, and as it is to be; the other bytes stay as they are."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.drafts import consents, replace, text_files, yaml_tree
from publisher.drafts.consents import FILE, Consent, Consents
from publisher.drafts.yaml_patch import Patches, Unpatchable
from publisher.model.problems import Findings
from publisher.model.values import Problem, Severity

_BOM = "\ufeff"
_LINE_END = re.compile(r"\r\n|\n|\r")
_ID = re.compile(r"[^\W_][\w-]{0,99}")
"""What may name a record: it stands in drafts, and in the history for good."""


@dataclass(frozen=True, slots=True)
class ConsentsFile:
    """The file's bytes, and what they mean."""

    path: Path
    data: bytes | None
    """None: there is no file."""
    records: Consents
    problems: tuple[Problem, ...]

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal: a change says with it which version it was made to."""
        return hashlib.sha256(self.data or b"").hexdigest()

    def with_record(self, record: Consent) -> "ConsentsFile":
        """With one more record, the last. Raises UsageError for an id that cannot be used."""
        if not _ID.fullmatch(record.id):
            message = _("“{name}” cannot be the name of a consent.", name=record.id)
            hint = _("Begin with a letter or digit; letters, digits, - and _ can follow.")
            raise UsageError(message, hint=hint)
        if record.id in self._names:
            message = _("There is already a consent called {name}.", name=record.id)
            raise UsageError(message, hint=_("Give this one another name."))
        return self._revised(
            lambda text: _appended(text, record),
            {**self.records, record.id: record},
        )

    def with_end(self, name: str, until: date | None) -> "ConsentsFile":
        """With another last day of a record; None: it has no end."""
        record = self.record(name).model_copy(update={"until": until})

        def patch(text: str) -> str:
            patches = Patches(text)
            if until:
                patches.set((name, "until"), until.isoformat())
            elif self.records[name].until:
                patches.remove((name, "until"))
            return patches.text()

        return self._revised(patch, {**self.records, name: record})

    def with_withdrawal(self, name: str) -> "ConsentsFile":
        """With a record that is withdrawn."""
        record = self.record(name).model_copy(update={"withdrawn": True})

        def patch(text: str) -> str:
            patches = Patches(text)
            patches.set((name, "withdrawn"), "true")
            return patches.text()

        return self._revised(patch, {**self.records, name: record})

    def record(self, name: str) -> Consent:
        """The record of that id. Raises UsageError if there is none, or it has errors."""
        if name not in self.records:
            message = _("There is no such consent, or its record has errors.")
            raise UsageError(message, hint=_("Look at the list again."))
        return self.records[name]

    def save(self, revised: "ConsentsFile") -> None:
        """Replace, make or delete the file, as `revised` has it; FileChanged or StorageError."""
        if self.data is None:
            replace.create(self.path, FILE, revised.data or b"")
        elif revised.data is None:
            replace.delete(self.path, FILE, self.data)
        else:
            replace.replace(self.path, FILE, self.data, revised.data)

    @property
    def _names(self) -> frozenset[str]:
        """The ids of all records, also of those with errors."""
        root = yaml_tree.mapping(self._text, Findings(FILE))
        return frozenset(root.entries if root else ())

    @property
    def _text(self) -> str:
        return (self.data or b"").decode("utf-8").removeprefix(_BOM)

    def _revised(self, patch: Callable[[str], str], wanted: Consents) -> "ConsentsFile":
        """With a patch, after which the records must be those that are `wanted`."""
        bom = _BOM if (self.data or b"").decode("utf-8").startswith(_BOM) else ""
        try:
            data = f"{bom}{patch(self._text)}".encode()
        except Unpatchable:
            raise _for_a_person() from None
        revised = _understood(self.path, data, Findings(FILE))
        if revised.records != wanted or len(_errors(revised)) > len(_errors(self)):
            raise _for_a_person()
        return revised


def read(posts: Path) -> ConsentsFile:
    """The file as it is now. Raises NotPossible for one in which nothing can be changed."""
    path = posts / "consents.yaml"
    if text_files.is_missing(path):
        return ConsentsFile(path, None, {}, ())
    findings = Findings(FILE)
    data = text_files.read_bytes(path, findings)
    found = _understood(path, data or b"", findings)
    if data is None or (found.problems and not found.records and _errors(found)):
        first = found.problems[0]
        raise NotPossible(f"{FILE}:{first.line}: {first.message}", hint=first.hint)
    return found


def _understood(path: Path, data: bytes, findings: Findings) -> ConsentsFile:
    text = text_files.decode(data, findings)
    records = consents.parse(text, findings) if text is not None else {}
    return ConsentsFile(path, data, records, tuple(findings.problems))


def _errors(file: ConsentsFile) -> list[Problem]:
    return [problem for problem in file.problems if problem.severity is Severity.ERROR]


def _appended(text: str, record: Consent) -> str:
    """The text with a record behind the others."""
    found = _LINE_END.search(text)
    line_end = found.group() if found else "\n"
    between = line_end if text and not text.endswith(("\n", "\r")) else ""
    return text + between + "".join(f"{line}{line_end}" for line in _lines(record))


def _lines(record: Consent) -> Iterator[str]:
    yield f"{record.id}:"
    for key, names in (("granted_to", record.granted_to), ("channels", record.channels or ())):
        if names:
            yield f"  {key}: [{', '.join(map(_quoted, sorted(names)))}]"
    if record.until:
        yield f"  until: {record.until.isoformat()}"
    if record.note:
        yield f"  note: {_quoted(record.note)}"
    if not (record.granted_to or record.channels or record.until or record.note):
        yield "  withdrawn: false"  # a record needs a key


def _quoted(value: str) -> str:
    """A text in double quotes, as JSON and YAML write it."""
    return json.dumps(value, ensure_ascii=False)


def _for_a_person() -> NotPossible:
    message = _(
        "{file} is written in a way that only a person can change. Nothing was written.", file=FILE
    )
    return NotPossible(message, hint=_("Change it there by hand."))
