"""Log-ins to the web pages: users, passwords, sessions, and what slows down guessing."""
