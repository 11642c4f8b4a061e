"""Simulated Bluesky: an account's own server (PDS)."""
