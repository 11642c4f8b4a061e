"""Simulated Facebook: the Graph API, and the Pages' timeline."""
