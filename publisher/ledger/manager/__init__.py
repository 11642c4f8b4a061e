"""What people do to deliveries: approve, pause, hold, cancel, resolve, withdraw."""
