"""A workspace on 1 March 2016, and what is imported into it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from publisher.importers import Import, Options, read
from publisher.importers.dates import DateOrder
from publisher.settings import settings
from tests.support.workspaces import Workspace

SETTINGS = """\
language = "fr"
[accounts.bice-x]
channel = "twitter"
language = "fr"
[accounts.bice-page]
channel = "facebook"
language = "fr"
page_id = "100200300"
"""
Bring = Callable[..., Import]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "campaign", SETTINGS)


@pytest.fixture
def bring(workspace: Workspace, tmp_path: Path) -> Bring:
    """Reads a file that holds `content`, made for the service `preset` if there is one."""

    def read_it(
        preset: str | None,
        content: str | bytes,
        *,
        to: tuple[str, ...] = ("bice-x",),
        zone: str = "Europe/Zurich",
        order: DateOrder | None = None,
        split: bool = False,
        lang: str | None = "fr",
        name: str = "plan.csv",
        columns: Mapping[str, str] | None = None,
        sheet: str | None = None,
    ) -> Import:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        options = Options(
            to=to,
            zone=ZoneInfo(zone),
            lang=lang,
            now=datetime(2016, 3, 1, 11, tzinfo=UTC),
            order=order,
            split=split,
            preset=preset,
            columns=columns or {},
            sheet=sheet,
        )
        return read(settings.load(workspace.path, {}), path, options)

    return read_it


def told(found: Import) -> list[tuple[str, int, int]]:
    """The problems: code, line and column."""
    return [(problem.code, problem.line, problem.column) for problem in found.problems]


def texts(found: Import) -> list[str]:
    """What stands below the front matter of each draft."""
    return [draft.text.split("\n---\n", 1)[1].strip() for draft in found.drafts]


def fronts(found: Import) -> list[list[str]]:
    """The lines of each draft's front matter, without comments."""
    return [
        [line for line in draft.text.split("\n---\n", 1)[0].splitlines()[1:] if line[:1] != "#"]
        for draft in found.drafts
    ]
