"""Text files become posts, and problems: parsing, times, threads, checks.

Bad content is a value: whatever the bytes in posts/ are, nothing here raises for them. `library`
reads a workspace, `rendering` says what each account gets of a post.
"""
