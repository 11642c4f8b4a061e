"""WordPress channel: posts of a WordPress site, through its REST API."""
