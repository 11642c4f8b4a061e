"""News: what people and webhooks are to be told, and whether they were."""
