"""What dispatchers write: claims of due deliveries, expiries and the backlog."""
