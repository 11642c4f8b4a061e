"""The ledger: what is true. See `ledger.py` for writing and `queries.py` for reading."""
