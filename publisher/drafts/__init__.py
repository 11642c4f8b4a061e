"""From text files to frozen posts, and to the problems in them.

Bad content is a value: whatever the bytes in posts/ are, nothing here raises for them. `library`
reads a workspace, `rendering` says what each account gets of a post.
"""
