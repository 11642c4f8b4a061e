"""Facebook channel: Pages, through facebook-sdk."""
