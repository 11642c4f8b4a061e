"""Helpers for the tests: the real parts that they start, and the walls around them."""
