"""The workers' application, with a consumer whose loop hangs when a file says so.

Whoever sets WEDGE to a file's path finds it removed as soon as the loop hangs.
"""

import os
import time
from pathlib import Path
from typing import Any

from celery.bootsteps import StartStopStep

from workers.app import app

__all__ = ["app"]


class Wedge(StartStopStep):  # type: ignore[misc]
    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        parent.timer.call_repeatedly(0.05, self._look)

    @staticmethod
    def _look() -> None:
        wish = Path(os.environ["WEDGE"])
        if wish.exists():
            wish.unlink()
            time.sleep(3600)


app.steps["consumer"].add(Wedge)
