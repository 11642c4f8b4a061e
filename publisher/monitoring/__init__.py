"""Monitoring: health checks, heartbeats, watchdog and alarms.

`/healthz` asks the `Monitor`. A `Watchdog` asks it regularly, in `publisher run`, in each
dispatcher and in each worker, and reports lasting problems: see watchdog.py.
"""
