"""Media: pictures, GIFs and videos, checked, and their clean copies."""
