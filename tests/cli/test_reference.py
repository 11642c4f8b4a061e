"""docs/commands.md says what the commands say."""

from pathlib import Path

import pytest

from publisher.cli import app
from tools import reference

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_is_up_to_date() -> None:
    """If this fails: python -m tools.reference docs/commands.md."""
    assert reference.main([str(PAGE), "--check"]) == 0


def test_a_stale_page_is_noticed_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "commands.md"
    page.write_text(PAGE.read_text(encoding="utf-8").replace("--keep-going", "--keep-on"))
    assert reference.main([str(page), "--check"]) == 1
    assert f"hint: Run: python -m tools.reference {page}" in capsys.readouterr().err
    assert reference.main([str(page)]) == 0
    assert page.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


def test_the_page_is_the_same_on_every_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = reference.text()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("PUBLISHER_WORKSPACE", "/somewhere")
    monkeypatch.setenv("PUBLISHER_USER", "someone")
    assert reference.text() == usual


@pytest.mark.parametrize("name", app.command().commands)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    """In sentences, with an example, and within 80 columns."""
    help_text = reference.text().partition(f"## publisher {name}\n")[2].partition("\n## ")[0]
    assert "  Example:\n" in help_text or "  Examples:\n" in help_text
    assert f"publisher {name}" in help_text.partition("Example")[2]
    first_line = help_text.splitlines()[4].strip()
    assert first_line.endswith(".")
    assert max(map(len, help_text.splitlines())) <= 80
    for line in help_text.splitlines():
        assert not line.rstrip().endswith("...") or "Usage" in line
