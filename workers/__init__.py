"""Workers: the Celery application, its tasks and the dispatcher.

Celery carries ids and wakes workers; it has no data that is not in the ledger.
"""

from publisher.base.process import loading

with loading():
    from workers.app import app

__all__ = ["app"]
