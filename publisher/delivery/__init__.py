"""Delivery: what workers do with one post at its platform."""
