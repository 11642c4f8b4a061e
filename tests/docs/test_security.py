"""docs/security.md leaves no item out, and the tests that it names are there."""

import re
from collections.abc import Iterator
from itertools import chain

from pydantic import BaseModel

from publisher.channels.registry import SPECS
from publisher.settings.account_settings import CREDENTIALS
from publisher.settings.settings import Settings
from tests.docs.conftest import DOCS, ROOT

_STATES = {"partly", "not met", "yours"}
_SECTIONS = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1
4.3:2 4.4:4 5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2
7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2
10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5
14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2
"""
"""The sections of ASVS 5.0.0 with the number of their items up to level 2, which come first."""


def _section(heading: str) -> str:
    text = (DOCS / "security.md").read_text(encoding="utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def _rows(heading: str) -> list[list[str]]:
    lines = re.findall(r"^\| (\d.*) \|$", _section(heading), re.MULTILINE)
    return [[cell.strip() for cell in line.split(" |")] for line in lines]


def _items(cell: str) -> Iterator[str]:
    """One by one what a cell stands for: ranges, and lists of them."""
    for part in cell.split(", "):
        first, _, last = part.partition("–")
        section, _, number = first.rpartition(".")
        end = (last or first).rpartition(".")[2]
        yield from (f"{section}.{n}" for n in range(int(number), int(end) + 1))


def test_every_item_has_its_row() -> None:
    wanted = [
        f"{section}.{n + 1}"
        for section, _, number in (entry.partition(":") for entry in _SECTIONS.split())
        for n in range(int(number))
    ]
    assert len(wanted) == 253
    tables = [*_rows("What is missing, or up to you"), *_rows("What is met")]
    rest = re.findall(r"\d+\.\d+\.\d+(?:–[\d.]+\d)?", _section("What does not apply"))
    cells = [*(row[0] for row in tables), *rest]
    found = list(chain.from_iterable(_items(cell) for cell in cells))
    assert sorted(found) == sorted(wanted)


def test_what_is_missing_says_what() -> None:
    for row in _rows("What is missing, or up to you"):
        assert len(row) == 4, row
        assert row[1] in _STATES, row
        assert row[2], row


def test_what_is_met_says_how_and_names_its_test() -> None:
    for row in _rows("What is met"):
        assert len(row) == 3, row
        assert row[1], row
        assert row[2], "what no test proves is not met"


def test_every_secret_is_called_one() -> None:
    """Where it belongs, and for what it is: in docs/settings.md."""
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", text, re.MULTILINE))
    secrets = set(_secrets(Settings)) | {f"accounts.NAME.{name}" for name in CREDENTIALS}
    assert len(secrets) >= 9
    for name in secrets:
        assert "| secret; " in rows[name], name


def _secrets(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _secrets(field.annotation, f"{above}{name}.")
        elif "SecretStr" in str(field.annotation):
            yield f"{above}{name}"


def test_everything_that_it_talks_to_is_named() -> None:
    """The servers of the channels, and each setting that is an address."""
    text = (DOCS / "deployment.md").read_text(encoding="utf-8")
    section = text.partition("## What it talks to\n")[2].partition("\n## ")[0]
    hosts = {host for spec in SPECS.values() if spec.server for host in spec.server.hosts}
    settings = {
        f"[{section}] {name}"
        for section, name in (key for key in _addresses() if key[0] != "accounts")
    }
    assert {"[broker] url", "[database] url", "[openid] issuer"} < settings
    for named in hosts | settings:
        assert f"`{named}`" in section, named


def _addresses() -> Iterator[tuple[str, str]]:
    """The settings of a section that hold an address, or several."""
    for section, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for name in field.annotation.model_fields:
                if re.search(r"^urls?$|issuer|heartbeat$", name):
                    yield section, name


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[^`]+)`", (DOCS / "security.md").read_text(encoding="utf-8"))
    assert len(named) > 100
    for name in named:
        file, _, test = name.partition("::")
        source = (ROOT / file).read_text(encoding="utf-8")
        assert not test or f"\ndef {test}(" in source, name
