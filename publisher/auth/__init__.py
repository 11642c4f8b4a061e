"""Log-ins to the web pages: users, passwords, sessions, throttling."""
