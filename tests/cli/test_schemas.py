"""schema: what editors complete and check with."""

import json
import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from publisher.cli.commands.schemas import SchemaName
from publisher.drafts import json_schema
from tests.cli.runner import Cli


def test_every_schema_can_be_asked_for() -> None:
    assert [*get_args(SchemaName)] == [*json_schema.SCHEMAS]


@pytest.mark.parametrize("kind", get_args(SchemaName))
def test_schema_prints_one(cli: Cli, tmp_path: Path, kind: SchemaName) -> None:
    """Without any workspace."""
    result = cli("schema", kind)
    assert (result.code, result.json) == (0, json_schema.schema(kind))


def test_schema_of_nothing_in_particular(cli: Cli) -> None:
    result = cli("schema")
    assert result.code == 2
    assert "hint: Name one of draft, session, consents, settings, secrets" in result.err


def test_schema_writes_all_of_them_into_the_workspace(cli: Cli, workspace: Path) -> None:
    stale = workspace / ".publisher/schema/draft.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}")
    result = cli("schema", "--write")
    assert result.code == 0
    for name in json_schema.SCHEMAS:
        path = workspace / f".publisher/schema/{name}.json"
        assert json.loads(path.read_text()) == json_schema.schema(name)


def test_schema_where_none_can_be_written(cli: Cli, workspace: Path) -> None:
    (workspace / ".publisher").write_text("a file")
    result = cli("schema", "--write")
    assert result.code == 3
    assert ".publisher" in result.err


def test_init_lays_out_files_whose_first_lines_name_their_schemas(cli: Cli, tmp_path: Path) -> None:
    """As Taplo and the YAML language server take them: relative to the file itself."""
    cli("init", tmp_path)
    for name in ("publisher.toml", "secrets.toml", "posts/session.yaml"):
        path = tmp_path / name
        first = path.read_text().splitlines()[0]
        named = re.fullmatch(r"#:schema (\S+)|# yaml-language-server: \$schema=(\S+)", first)
        assert named, name
        schema = json.loads((path.parent / (named[1] or named[2])).read_text())
        assert schema["title"] == name
    assert tomllib.loads((tmp_path / "publisher.toml").read_text())["language"] == "en"
