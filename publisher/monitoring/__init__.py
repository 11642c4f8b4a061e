"""Monitoring: health checks, heartbeats, watchdog and alarms.

`/healthz` asks the `Monitor`. A `Watchdog` asks it regularly, in `publisher run`, in each
dispatcher and in each worker, and reports lasting problems: see watchdog.py.
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
