"""Integrity of the ledger: hash chain, archives, backup and restore."""
