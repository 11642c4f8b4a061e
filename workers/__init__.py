"""The Celery application, its tasks and the dispatcher's loop.

Celery carries ids and wakes workers, and knows nothing that is not in the ledger.
"""

from workers.app import app

__all__ = ["app"]
