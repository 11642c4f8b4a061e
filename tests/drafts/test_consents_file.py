"""posts/consents.yaml is changed where it must be, and nowhere else."""

from datetime import date
from pathlib import Path

import pytest

from publisher.base.errors import FileChanged, NotPossible, UsageError
from publisher.drafts import consents_file
from publisher.drafts.consents import Consent
from publisher.drafts.consents_file import ConsentsFile

ODD = (
    "\N{BYTE ORDER MARK}# Who allowed what.\r\n"
    "panel:   # the panel\r\n"
    "    until: '2016-03-20'  # the last day\r\n"
    "    granted_to: [BICE]\r\n"
    "abidjan: {withdrawn: no, note: {in: here}}   # odd\r\n"
    "\r\n# the last one\r\n"
    "lima:\r\n    note: 'un'"
)
DAY = date(2016, 12, 31)


def read(folder: Path, text: str | None) -> ConsentsFile:
    if text is not None:
        (folder / "consents.yaml").write_bytes(text.encode())
    return consents_file.read(folder)


def text_of(file: ConsentsFile) -> str:
    return (file.data or b"").decode()


def test_another_end_stands_where_the_old_one_was(tmp_path: Path) -> None:
    found = read(tmp_path, ODD)
    assert text_of(found.with_end("panel", DAY)) == ODD.replace("2016-03-20", "2016-12-31")
    without = ODD.replace("    until: '2016-03-20'  # the last day\r\n", "")
    assert text_of(found.with_end("panel", None)) == without
    longer = text_of(found.with_end("abidjan", DAY))
    assert longer == ODD.replace("{in: here}}", "{in: here}, until: 2016-12-31}")
    assert text_of(found.with_end("lima", DAY)) == f"{ODD}\r\n    until: 2016-12-31"


def test_a_withdrawal_changes_one_word(tmp_path: Path) -> None:
    found = read(tmp_path, ODD)
    withdrawn = found.with_withdrawal("abidjan")
    assert text_of(withdrawn) == ODD.replace("withdrawn: no", "withdrawn: true")
    assert withdrawn.records["abidjan"].withdrawn


@pytest.mark.parametrize(
    "text", [ODD, "", "# nothing yet", "# nothing yet\r\n", None, "a:\n  note: b\n"]
)
def test_a_new_record_stands_behind_the_others(tmp_path: Path, text: str | None) -> None:
    found = read(tmp_path, text)
    record = Consent(
        id="été_2", granted_to=frozenset({"Y: #1", "BICE"}), channels=frozenset({"site"}),
        until=DAY, note='a "b" \\ {c}',
    )  # fmt: skip
    revised = found.with_record(record)
    assert text_of(revised).startswith(text or "")
    assert revised.records == {**found.records, "été_2": record}
    found.save(revised)
    assert consents_file.read(tmp_path).records == revised.records
    revised.save(found)
    assert (tmp_path / "consents.yaml").exists() is (text is not None)
    if text is not None:
        assert consents_file.read(tmp_path).data == text.encode()


def test_what_others_wrote_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    found = read(tmp_path, None)
    revised = found.with_record(Consent(id="a"))
    read(tmp_path, ODD)
    with pytest.raises(FileChanged):
        found.save(revised)
    again = consents_file.read(tmp_path)
    read(tmp_path, "a: {note: b}\n")
    with pytest.raises(FileChanged):
        again.save(again.with_end("panel", DAY))


@pytest.mark.parametrize("name", ["panel", "broken", "a b", "a:", "-a", "", "a\nb", "{", "#"])
def test_a_name_that_is_taken_or_is_none_is_refused(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, f"{ODD}\r\nbroken: {{until: never}}")
    with pytest.raises(UsageError):
        found.with_record(Consent(id=name))


def test_an_error_in_one_record_keeps_nobody_from_changing_another(tmp_path: Path) -> None:
    """A withdrawal cannot wait for somebody to mend the file."""
    found = read(tmp_path, f"{ODD}\r\nbroken: {{until: never}}")
    assert "withdrawn: true" in text_of(found.with_withdrawal("panel"))
    with pytest.raises(UsageError):
        found.with_withdrawal("broken")


@pytest.mark.parametrize(
    "text", ["{}", "{a: {note: b}}", "  a:\n    note: b\n", "a: {note: b}\n...\n"]
)
def test_a_file_in_which_nothing_can_be_appended_stays_as_it_is(tmp_path: Path, text: str) -> None:
    with pytest.raises(NotPossible):
        read(tmp_path, text).with_record(Consent(id="new"))


@pytest.mark.parametrize("text", ["- a\n", "a: [", "a: &x {note: b}\nb: *x\n", "\udcff"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "consents.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(NotPossible):
        consents_file.read(tmp_path)
