"""Bluesky channel, through atproto."""
