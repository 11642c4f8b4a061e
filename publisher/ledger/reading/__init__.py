"""Queries: everything that only reads the ledger."""
