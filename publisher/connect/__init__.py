"""Connecting (`publisher connect`): gets an account's keys from its platform, and stores them."""
