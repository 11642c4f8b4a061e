"""Celery's side: it carries ids and wakes workers, and knows nothing that is not in the ledger."""

from workers.app import app

__all__ = ["app"]
