"""What docs/ says about the code is what the code says."""

import inspect
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from publisher.base.clock import duration_text
from publisher.channels.base import Channel
from publisher.drafts import session_reader
from publisher.model.capabilities import Capabilities
from publisher.model.draft_keys import DRAFT_KEYS, MEDIA_KEYS
from publisher.model.problems import RULES
from publisher.model.states import State
from publisher.settings import settings
from publisher.settings.account_settings import AccountSettings
from tests.docs import answers, channels, parts
from tests.docs.conftest import DOCS, ROOT, first_cells, prose
from tests.docs.write import COMMAND, rewritten


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """A page from one heading to the next, without its blocks of code."""
    return prose(text).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", parts.PARTS)
def test_the_generated_parts_are_fresh(name: str) -> None:
    text = page(name)
    assert text == rewritten(text, parts.PARTS[name]), f"docs/{name} is stale; run: {COMMAND}"


def test_a_stale_part_is_noticed_and_written_anew() -> None:
    """Whatever stands between the marks, and nothing outside them."""
    stale = "a\n<!-- generated: x -->\nold\n<!-- end of x -->\nb\n"
    fresh = rewritten(stale, {"x": lambda: "new"})
    assert fresh == "a\n<!-- generated: x -->\n\nnew\n\n<!-- end of x -->\nb\n"
    assert rewritten(fresh, {"x": lambda: "new"}) == fresh
    with pytest.raises(ValueError, match="do not stand once"):
        rewritten("no marks", {"x": lambda: "new"})


def test_no_mark_is_left_without_its_part() -> None:
    marked = {
        (path.name, name)
        for path in DOCS.glob("*.md")
        for name in re.findall(r"<!-- generated: (.+?) -->", path.read_text(encoding="utf-8"))
    }
    assert marked == {(name, part) for name, found in parts.PARTS.items() for part in found}


def test_every_capability_is_in_the_table() -> None:
    assert len(channels._FEATURES) == len(Capabilities.model_fields)


def test_answers_that_differ_cannot_share_a_row() -> None:
    """A row that says too much is a mistake in the page, not a detail."""
    with pytest.raises(ValueError, match="too many values"):
        answers._common({"`failed`", "`uncertain`"})


def test_every_key_of_a_draft_has_its_row() -> None:
    text = page("drafts.md")
    assert first_cells(section(text, "One full example")) == list(DRAFT_KEYS)
    assert first_cells(section(text, "Pictures")) == list(MEDIA_KEYS)


def test_every_rule_of_the_linter_has_its_row() -> None:
    assert first_cells(section(page("drafts.md"), "Advice on the words")) == list(RULES)


@pytest.mark.parametrize(
    "keys", [session_reader.KEYS, session_reader.DEFAULTS_KEYS, session_reader.ITEM_KEYS]
)
def test_every_key_of_the_session_is_named(keys: tuple[str, ...]) -> None:
    text = page("drafts.md").partition("\n## session.yaml\n")[2].partition("\n## ")[0]
    assert [key for key in keys if not re.search(rf"\b{key}\b", text)] == []


def test_every_state_is_explained() -> None:
    assert first_cells(page("states.md").partition("\n## ")[0]) == list(State)


def test_every_setting_has_its_row() -> None:
    """In the order of the code, with its variable and its default."""
    rows = re.findall(
        r"^\| `([^`]+)` \| `(PUBLISHER_\w+)` \| (.+?) \| .", page("settings.md"), re.MULTILINE
    )
    assert rows == [*_rows(settings.Settings), *_rows(AccountSettings, "accounts.NAME.")]


def _rows(model: type[BaseModel], prefix: str = "") -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for name, field in model.model_fields.items():
        if name in ("workspace", "accounts"):
            continue
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            rows += _rows(field.annotation, f"{prefix}{name}.")
        else:
            path = f"{prefix}{name}"
            variable = f"PUBLISHER_{path.replace('.', '__').upper()}"
            default = _default(field.default) if field.default_factory is None else "the locale's"
            rows.append((path, variable, default))
    return rows


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return "none"
    if value in ("", ()):
        return "empty"
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return f"`{duration_text(value)}`" if seconds > 60 else f"`{seconds:g}s`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_every_variable_that_the_code_reads_is_explained() -> None:
    """Also those that are no settings, such as PUBLISHER_CLOCK."""
    sources = [*ROOT.glob("publisher/**/*.py"), *ROOT.glob("workers/*.py")]
    named = {
        name
        for path in sources
        for name in re.findall(r"\bPUBLISHER_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    text = page("settings.md")
    assert {name for name in named if f"`{name}`" not in text} == set()


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *project["project"]["dependencies"],
        *(name for extra in project["project"]["optional-dependencies"].values() for name in extra),
        *project["build-system"]["requires"],
    ]
    text = page("decisions.md").partition("\n## Libraries\n")[2]
    names = [match[0] for wish in wanted if (match := re.match(r"[\w-]+", wish))]
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_every_package_is_in_the_architecture() -> None:
    text = section(page("architecture.md"), "The packages")
    packages = [path.parent.name for path in sorted((ROOT / "publisher").glob("*/__init__.py"))]
    assert [name for name in packages if f"`publisher/{name}`" not in text] == []


def test_pictures_are_small() -> None:
    """A page opens at once, also in Abidjan and Lima."""
    pictures = [path for path in Path(DOCS / "images").iterdir() if path.suffix == ".png"]
    assert pictures
    assert [path.name for path in pictures if path.stat().st_size > 300_000] == []


def test_every_method_of_the_contract_is_explained() -> None:
    methods = [name for name, found in vars(Channel).items() if inspect.isfunction(found)]
    rows = first_cells(section(page("adding-a-channel.md"), "The contract"))
    assert [row.partition("(")[0] for row in rows if "(" in row] == [
        name for name in methods if not name.startswith("_")
    ]


def test_whoever_changes_something_finds_at_most_three_places() -> None:
    """Each place that CONTRIBUTING.md names for it is there."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (an? [^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    places = {what: re.findall(r"`((?:publisher|workers)/[^`]+)`", where) for what, where in rows}
    assert len(places) == 10
    assert {what: len(found) for what, found in places.items() if not 0 < len(found) <= 3} == {}
    assert [one for found in places.values() for one in found if not (ROOT / one).exists()] == []
