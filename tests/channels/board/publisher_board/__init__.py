"""A notice board: one JSON file for each account, which anybody could read."""
