"""X (Twitter), through tweepy."""
