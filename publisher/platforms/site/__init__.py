"""Website channel: the organisation's own pages and feeds, written as files."""
