"""Queries: all that only reads the ledger."""
