"""Sandbox: the simulated platforms on one HTTP server, as strict as the real ones.

`server.py` has the interface for other parts of Publisher, `faults.py` the faults to simulate.
"""
