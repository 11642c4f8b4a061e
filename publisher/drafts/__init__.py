"""Parsing and checking of drafts: text files become posts and problems.

Bad content is a value: whatever the bytes in posts/ are, nothing here raises for them. `library`
reads a workspace, `rendering` says what each account gets of a post.
"""
