"""Base: what every package uses and that knows nothing of posts: errors, i18n, clock, files."""
