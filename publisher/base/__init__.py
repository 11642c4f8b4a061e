"""What every other package uses and what knows nothing of posts: errors, i18n, clock, files."""
