"""Limits of an account: suspensions, refusals, rates and spacing."""
