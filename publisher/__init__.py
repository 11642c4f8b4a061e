"""Publisher: drafts in files, published by Celery workers, every step on record."""

__version__ = "0.1.0"
