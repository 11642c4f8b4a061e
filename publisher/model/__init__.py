"""Model: frozen values and pure rules for posts, accounts, deliveries, states and outcomes."""
