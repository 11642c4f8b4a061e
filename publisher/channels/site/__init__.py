"""The organisation's own website: pages and feeds, written as files."""
