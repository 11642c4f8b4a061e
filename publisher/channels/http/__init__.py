"""HTTP client of the channels: one session, own sockets, recorded answers."""
