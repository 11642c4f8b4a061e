"""The report, the status, and the log as a file."""
