"""Authentication for the web pages: users, passwords, sessions, throttling."""
