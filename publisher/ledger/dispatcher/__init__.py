"""What dispatchers write: claims of what falls due."""
