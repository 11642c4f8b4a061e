"""The ledger: deliveries, their history, and everything else that must not be lost."""
