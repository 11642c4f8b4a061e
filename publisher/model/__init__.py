"""Model: frozen values and pure rules, of posts, accounts and deliveries."""
