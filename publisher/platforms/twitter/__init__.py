"""X (Twitter) channel, through tweepy."""
