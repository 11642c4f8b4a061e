"""Channels: their contract, their registry, and the kit that the platforms share."""
