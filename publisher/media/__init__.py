"""Pictures, GIFs and videos: checked, and their clean copies."""
