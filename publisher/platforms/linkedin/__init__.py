"""LinkedIn channel: pages of organisations, through the versioned REST API."""
