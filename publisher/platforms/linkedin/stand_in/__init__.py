"""Simulated LinkedIn."""
