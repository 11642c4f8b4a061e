"""The simulated Mastodon."""
