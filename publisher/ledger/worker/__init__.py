"""What workers write: attempts, intents and results."""
