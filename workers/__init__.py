"""Celery's side: it carries ids and wakes workers, and knows nothing that is not in the ledger."""
