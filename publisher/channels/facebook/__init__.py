"""Facebook Pages, through facebook-sdk."""
