"""Frozen values and pure rules: posts, accounts, deliveries, states, outcomes."""
