"""Media processing: checks pictures, GIFs and videos, and makes their clean copies."""
