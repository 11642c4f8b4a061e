"""Readers' comments: what was read below our posts, and what is done about each."""
