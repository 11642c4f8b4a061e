"""Doubts: what may be out and what may not, and how each is settled."""
