"""Reports: what went out and what did not, the status, and the log as a file."""
