"""Base: what every other package uses, and what knows nothing of posts."""
