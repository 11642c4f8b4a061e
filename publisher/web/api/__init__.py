"""HTTP API for programs, `/api/v1`: the same functions and checks as the pages and commands.

`app.py` puts it together; each other module of operations is one subject. A token never does what
is for people alone: see `ledger/token_bounds.py`.
"""
