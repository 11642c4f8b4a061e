"""Mastodon channel, through Mastodon.py."""
