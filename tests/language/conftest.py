"""The workspace and the runner of tests/cli."""

from tests.cli.conftest import cli, workspace

__all__ = ["cli", "workspace"]
