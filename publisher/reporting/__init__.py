"""Reporting: session report, status overview, and log export."""
