"""Simulated X: its API, and its timeline."""
