"""The stand-in for X and Facebook: one HTTP server, as strict as they are, that keeps all in memory.

docs/sandbox.md tells people how to use it; `server.py` holds what other parts of Publisher need.
"""
