"""Simulated WordPress: the REST API of one site for each account, and the sites' timeline."""
