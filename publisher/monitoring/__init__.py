"""Whether posts go out, and if not, why: for `/healthz`, watchdogs and alarms.

`/healthz` asks the `Monitor`. A `Watchdog` asks it all the time, in `publisher run`, in each
dispatcher and in each worker, and tells what lasts: see watchdog.py.
"""

from publisher.monitoring.monitor import Monitor, Report
from publisher.monitoring.troubles import Subject, Trouble, of_clocks, of_crowds, of_kind
from publisher.monitoring.watchdog import Watchdog

__all__ = [
    "Monitor",
    "Report",
    "Subject",
    "Trouble",
    "Watchdog",
    "of_clocks",
    "of_crowds",
    "of_kind",
]
