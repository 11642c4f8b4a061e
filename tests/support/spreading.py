"""Which process of `pytest --numprocesses` runs which tests, and in which order.

As with `--dist loadfile` all tests of a file run in one process, where they share what is made
once. But some folders start many processes and mostly wait: half of pytest's processes begin with
those, so that they overlap with the others' work. Nobody waits for the last one in the end.
"""

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

WAITING = ("chaos", "surroundings", "machines", "end_to_end", "running", "smoke")
"""The folders whose tests start many processes, those that take longest first."""
_APART = ("chaos", "end_to_end", "running/test_supervisor.py", "running/test_hanging.py")
"""Where each test takes so long that it is a piece of work of its own."""
_EARLY = ("web", "simulation", "fuzz", "language")
"""Of the others, the folders with the longest files."""


class Spreading(LoadFileScheduling):  # type: ignore[misc]
    """Hands out files, and single tests of some of them."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if _is_in(nodeid, _APART) else super()._split_scope(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        prefers_waiting = int(node.gateway.id.removeprefix("gw")) < self.numnodes // 2

        def rank(scope: str) -> tuple[bool, int]:
            is_waiting = _is_in(scope, WAITING)
            return is_waiting != prefers_waiting, _place(scope, WAITING if is_waiting else _EARLY)

        self.workqueue.move_to_end(min(self.workqueue, key=rank), last=False)
        super()._assign_work_unit(node)


def _is_in(scope: str, places: tuple[str, ...]) -> bool:
    return _place(scope, places) < len(places)


def _place(scope: str, places: tuple[str, ...]) -> int:
    """Where in the order of `places` the scope lies; behind them all if it lies in none."""
    inside = scope.partition("::")[0].removeprefix("tests/")
    found = (number for number, place in enumerate(places) if f"{inside}/".startswith(f"{place}/"))
    return next(found, len(places))
