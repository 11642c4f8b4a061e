"""Stand-ins for X and Facebook: one HTTP server, as strict as they are.

`server.py` holds what other parts of Publisher need, `faults.py` what it can be told to do wrong.
"""
