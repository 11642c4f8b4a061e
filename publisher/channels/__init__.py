"""Channels: one folder per platform, which builds its requests and interprets its answers."""
