"""The tests that wait overlap with the others, and none is left out."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.spreading import Spreading

_FILES = {
    "tests/auth/test_users.py": 3, "tests/chaos/test_chaos.py": 2, "tests/cli/test_main.py": 3,
    "tests/end_to_end/test_media.py": 2, "tests/running/test_late.py": 3,
    "tests/surroundings/test_disk.py": 3, "tests/web/test_routes.py": 4,
}  # fmt: skip
_TESTS = [f"{file}::test_{number}" for file, many in _FILES.items() for number in range(many)]


class Node:
    """A process of pytest's that runs what it is told."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.shutting_down = False
        self.told: list[str] = []

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.told += [_TESTS[number] for number in numbers]

    def shutdown(self) -> None:
        self.shutting_down = True


@pytest.fixture
def nodes(pytestconfig: pytest.Config) -> list[Node]:
    """Four, after all of them ran all that they were told, in turns."""
    option = SimpleNamespace(loadscopereorder=False, tx=["popen"] * 4, maxprocesses=None)
    config: Any = SimpleNamespace(option=option, getvalue=lambda name: getattr(option, name))
    spreading = Spreading(config)
    nodes: list[Any] = [Node(f"gw{number}") for number in range(4)]
    for node in nodes:
        spreading.add_node(node)
        spreading.add_node_collection(node, _TESTS)
    spreading.schedule()
    for turn in range(len(_TESTS)):
        for node in nodes:
            if turn < len(node.told):
                spreading.mark_test_complete(node, _TESTS.index(node.told[turn]))
    return nodes


def test_each_test_runs_once(nodes: list[Node]) -> None:
    assert sorted(test for node in nodes for test in node.told) == sorted(_TESTS)


def test_a_file_stays_together(nodes: list[Node]) -> None:
    for file in ("tests/auth/test_users.py", "tests/surroundings/test_disk.py"):
        assert len([node for node in nodes if any(file in test for test in node.told)]) == 1


def test_two_begin_with_what_waits_and_two_with_the_rest(nodes: list[Node]) -> None:
    first = [node.told[0].split("/")[1] for node in nodes]
    assert first == ["chaos", "chaos", "web", "auth"]
