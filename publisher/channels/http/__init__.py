"""HTTP for the channels: one session, sockets of our own, and what came back."""
